// Reads the case files, makes every row of a "for" a case of its own, and chooses what fits a server.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { verbOf } from "./steps.mjs";

export const kCasesDirectory = fileURLToPath(new URL("../cases", import.meta.url));

const kFileKeys = ["about", "spec", "needs", "open", "cases"];
const kCaseKeys = ["name", "about", "spec", "needs", "open", "for", "heavy", "steps"];

// "for" is a list of rows, or an object of lists of which every combination is a row.
function rowsOf(table) {
  if (table === undefined) return [{}];
  if (Array.isArray(table)) return table;
  return Object.entries(table).reduce(
    (rows, [name, values]) => rows.flatMap(row => values.map(value => ({ ...row, [name]: value }))), [{}]);
}

// "$name" as a whole is the value itself, "$name" inside a text is its text.
function substitute(value, row) {
  if (typeof value === "string") {
    if (value.startsWith("$") && value.slice(1) in row) return row[value.slice(1)];
    return value.replace(/\$([a-z_][a-z0-9_]*)/g, (all, name) => name in row ? String(row[name]) : all);
  }
  if (Array.isArray(value)) return value.map(item => substitute(item, row));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [substitute(key, row), substitute(item, row)]));
}

function checkKeys(object, allowed, where) {
  for (const key of Object.keys(object)) {
    if (!allowed.includes(key)) throw new Error(`${where}: unknown key ${key}`);
  }
}

function expand(file, topic, pattern) {
  checkKeys(pattern, kCaseKeys, `${topic}/${pattern.name}`);
  return rowsOf(pattern.for).map(row => {
    const one = substitute(pattern, row);
    const spec = one.spec ?? file.spec;
    if (!spec || !one.name || !one.steps?.length) throw new Error(`${topic}/${one.name}: name, spec and steps are needed`);
    const begins = ["open", "request"].includes(verbOf(one.steps[0]));
    const open = { ...file.open, ...one.open };
    const steps = begins ? one.steps : [{ open }, ...one.steps];
    steps.forEach(verbOf);
    const version = (steps[0].open ?? steps[0].request).version ?? 13;
    return { name: `${topic}/${one.name}`, topic, spec, heavy: one.heavy ?? false, steps,
             needs: { version, ...file.needs, ...one.needs } };
  });
}

export function loadCases(directory = kCasesDirectory) {
  const cases = readdirSync(directory).filter(name => name.endsWith(".json")).sort().flatMap(name => {
    const topic = basename(name, ".json");
    const file = JSON.parse(readFileSync(join(directory, name), "utf8"));
    checkKeys(file, kFileKeys, name);
    return file.cases.flatMap(pattern => expand(file, topic, pattern));
  });
  const names = new Set();
  for (const { name } of cases) {
    if (names.has(name) || /[$ ]/.test(name)) throw new Error(`the name ${name} is taken twice, or not complete`);
    names.add(name);
  }
  return cases;
}

// Those that have a number in Sec-WebSocket-Version.
const isAnnounced = version => version >= 4 && version <= 13;

// What a case needs against what the server is said to be: {versions, compression, max_message, ...}.
export function isServed({ needs }, server) {
  return Object.entries(needs).every(([what, wanted]) => {
    if (what === "version") return [wanted].flat().every(version => server.versions.includes(version));
    if (what === "lacks_version") return !server.versions.includes(wanted);
    if (what === "only_versions") return String(wanted) === String(server.versions.filter(isAnnounced).sort((a, b) => b - a));
    if (what === "max_message") return server.max_message >= wanted;
    return (server[what] ?? false) === wanted;
  });
}
