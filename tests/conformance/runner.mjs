// Runs the cases against a server that echoes on a path. As a program:
//   node runner.mjs ws://127.0.0.1:3400/echo [--versions 13,8,7] [--compression] [--deflate-frame] [--window-8]
//        [--max-message 16777216 [--limit]] [--heavy] [--only <regular expression>] [--patience <ms>]
//        [--concurrency <n>] [--list]
// --limit: the message limit is --max-message exactly, so that cases about it can be run.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isServed, loadCases } from "./lib/cases.mjs";
import { Connection } from "./lib/connection.mjs";
import { Player } from "./lib/steps.mjs";

// Far beyond what anything here takes, also on a busy machine.
const kPatience = 60_000;

// Returns: {name, spec, error, compressed, milliseconds} and, for the report, what went over the wire last.
async function runCase(one, server, patience) {
  let connection = null, player = null;
  const before = Date.now();
  const result = { name: one.name, spec: one.spec, error: null, compressed: 0 };
  try {
    connection = await Connection.open(server.host, server.port, patience);
    player = new Player(connection, server);
    await player.play(one.steps);
  } catch (error) {
    result.error = error;
    result.step = player?.at;
    result.transcript = connection?.transcript;
  }
  result.compressed = player?.compressed ?? 0;
  result.milliseconds = Date.now() - before;
  connection?.destroy();
  return result;
}

// `server`: {host, port, path, versions, compression, max_message, ...}. Returns: the results in the order of the cases.
export async function runSuite(server, { cases = loadCases(), only, heavy = false, patience = kPatience, concurrency = 12 } = {}) {
  const place = { authority: `${server.host}:${server.port}`, ...server };
  const chosen = cases.filter(one => isServed(one, server) && (heavy || !one.heavy) && (!only || only.test(one.name)));
  const results = [];
  let next = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (let i = next++; i < chosen.length; i = next++) results[i] = await runCase(chosen[i], place, patience);
  }));
  return results;
}

const short = text => text.length > 400 ? `${text.slice(0, 400)}..` : text;

export function report({ name, spec, error, step, transcript }) {
  const lines = [`${name}  [${spec}]`, `  ${error.name === "Error" ? error.message : error.stack}`];
  if (step) lines.push(`  step ${short(JSON.stringify(step))}`);
  if (transcript) lines.push(`  sent ..${transcript.sent.toString("hex")}`, `  got  ..${transcript.got.toString("hex")}`);
  return lines.join("\n");
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: {
    versions: { type: "string", default: "13" }, compression: { type: "boolean", default: false },
    "deflate-frame": { type: "boolean", default: false }, "max-message": { type: "string", default: "0" },
    limit: { type: "boolean", default: false }, "window-8": { type: "boolean", default: false },
    heavy: { type: "boolean", default: false }, only: { type: "string" }, patience: { type: "string", default: "5000" },
    concurrency: { type: "string", default: "12" }, list: { type: "boolean", default: false } } });
  if (values.list) {
    for (const one of loadCases()) console.log(`${one.name}  [${one.spec}]`);
    return;
  }
  const url = new URL(positionals[0]);
  const server = { host: url.hostname, port: Number(url.port || 80), path: url.pathname,
                   versions: values.versions.split(",").map(Number), compression: values.compression,
                   no_compression: !values.compression, deflate_frame: values["deflate-frame"], window_8: values["window-8"],
                   max_message: Number(values["max-message"]), limit: values.limit };
  const before = Date.now();
  const results = await runSuite(server, { only: values.only && new RegExp(values.only), heavy: values.heavy,
                                           patience: Number(values.patience), concurrency: Number(values.concurrency) });
  const failed = results.filter(result => result.error);
  for (const result of failed) console.log(report(result));
  console.log(`${results.length} cases, ${failed.length} failed, ${Date.now() - before} ms`);
  process.exitCode = failed.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
