// What is published and served: its size, its contents, its types, and that the texts agree.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as module from "../hybi.js";
import { root } from "./modules.mjs";
import { world } from "./fakes.mjs";

const read = path => readFileSync(new URL(path, root), "utf8");
const source = read("js/hybi.js"), types = read("js/hybi.d.ts"), readme = read("js/README.md");
const manifest = JSON.parse(read("js/package.json"));

test("is below 6 KB as it is served", () => {
  const size = gzipSync(source, { level: 6 }).length;
  assert.ok(size < 6144, `${size} bytes`);
});

test("stands alone, and under any Content-Security-Policy", () => {
  assert.doesNotMatch(source, /\bimport\b|\brequire\(|\beval\b|\bFunction\(|innerHTML|document\b|setTimeout\(["'`]/);
});

test("version and license are the project's", () => {
  const [, version] = /project\(hybi VERSION (\S+)/.exec(read("CMakeLists.txt"));
  assert.equal(manifest.version, version);
  assert.ok(source.startsWith(`// hybi.js ${version}, MIT license.`));
  assert.equal(manifest.license, "MIT");
  assert.equal(read("js/LICENSE"), read("LICENSE"));
});

// A project that has installed what npm pack packs: body(directory, packed).
function withPackage(body) {
  const directory = mkdtempSync(join(tmpdir(), "hybi-pack-"));
  const npm = (at, ...args) => execFileSync("npm", [...args, "--offline", "--no-audit", "--cache", join(directory, "cache")], {
    cwd: at, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const [packed] = JSON.parse(npm(fileURLToPath(new URL("js/", root)), "pack", "--json", "--pack-destination", directory));
    const project = join(directory, "project");
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), '{"private": true, "type": "module"}');
    npm(project, "install", join(directory, packed.filename));
    return body(project, packed);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("npm pack takes what is wanted, and it can be installed, imported and compiled against", () => withPackage((project, packed) => {
  assert.deepEqual(packed.files.map(({ path }) => path).sort(),
                   ["LICENSE", "README.md", "hybi.d.ts", "hybi.js", "package.json"]);
  assert.equal(packed.filename, `hybi-${manifest.version}.tgz`);
  const run = (...args) => execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" });
  const told = run("--input-type=module", "--eval", `
    import Default, { Hybi, HybiError } from "hybi";
    const client = new Hybi("https://a.example/live");
    console.log(import.meta.resolve("hybi").endsWith("/project/node_modules/hybi/hybi.js"), Default === Hybi, client.url,
                new HybiError("x").code);`);
  assert.equal(told, "true true wss://a.example/live x\n");
  assert.equal(readFileSync(join(project, "node_modules/hybi/hybi.js"), "utf8"), source);

  const tsc = fileURLToPath(new URL("tests/node_modules/typescript/bin/tsc", root));
  const compile = (text, ...options) => {
    writeFileSync(join(project, "use.ts"), text);
    try {
      return run(tsc, "--noEmit", "--strict", "--target", "es2022", ...options, "use.ts");
    } catch (error) {
      return error.stdout;
    }
  };
  const use = read("js/test/types_use.ts");
  for (const resolution of [["--module", "nodenext"], ["--module", "esnext", "--moduleResolution", "bundler"]]) {
    assert.equal(compile(use, ...resolution), "", `${resolution}`);
  }
  // What is wrong is told, so the types are looked at.
  const wrong = ["client.subscribe(5);", "client.id = \"x\";", "const n: number = room.state;", "client.nothing();",
                 "room.on(\"mesage\", () => {});", "new Hybi(\"/\", { x: 1 });"];
  const errors = compile(`${use}${wrong.join("\n")}\n`, "--module", "nodenext");
  assert.deepEqual([...errors.matchAll(/^use\.ts\((\d+),\d+\): error (TS\d+)/gm)].map(([, line, code]) => [Number(line), code]),
                   ["TS2345", "TS2540", "TS2322", "TS2339", "TS2345", "TS2353"].map(
                     (code, i) => [use.split("\n").length + i, code]), errors);
  for (const name of [...types.matchAll(/^export (?:class|interface|type) (\w+)/gm)].map(([, name]) => name)) {
    assert.match(use, new RegExp(`\\b${name}\\b`), `${name} is used`);
  }
}));

test("can be imported by its name", async () => {
  // A package may import itself: this goes through "exports".
  assert.equal((await import("hybi")).Hybi, module.Hybi);
  assert.equal(module.default, module.Hybi);
  for (const file of [manifest.main, manifest.types, ...manifest.files]) assert.ok(read(`js/${file}`));
});

// The members of a declaration: names at its first level.
function declared(kind, name) {
  const [, body] = new RegExp(`export ${kind} ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(types);
  return new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[(:<]/gm)].map(([, member]) => member));
}

// What an object has for its users.
function members(object) {
  const all = new Set(Object.keys(object));
  for (let at = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    Object.getOwnPropertyNames(at).forEach(name => all.add(name));
  }
  return new Set([...all].filter(name => !name.startsWith("_") && name !== "heard"));  // the test's own
}

test("the types declare all there is, and no more", () => world(async ({ client }) => {
  assert.deepEqual(new Set([...types.matchAll(/^export (?:class|default) (\w+)/gm)].map(([, name]) => name)),
                   new Set(Object.keys(module).map(name => name === "default" ? "Hybi" : name)));
  const c = client(), sorted = set => [...set].sort();
  assert.deepEqual(sorted(members(c)), sorted(declared("class", "Hybi")));
  const subscription = sorted(declared("interface", "Subscription")).concat("constructor").sort();
  assert.deepEqual(sorted(members(c.subscribe("room/1"))), subscription);
  assert.match(types, /interface Subscription extends AsyncIterable<Message>/);
  const options = source.match(/this\._options = \{([^}]*)\.\.\.options/)[1];
  assert.deepEqual(sorted(declared("interface", "Options")),
                   [...options.matchAll(/(\w+):/g)].map(([, name]) => name).concat("token").sort());
  const emitted = [...source.matchAll(/_emit\("(\w+)"/g)].map(([, name]) => name).concat("join", "leave");
  assert.deepEqual(sorted(new Set(emitted)),
                   sorted(new Set([...declared("interface", "HybiEvents"), ...declared("interface", "SubscriptionEvents")])));
  for (const [, event] of readme.matchAll(/^\| `(\w+)`/gm)) assert.ok(emitted.includes(event), event);
}));

test("the README's example runs", () => world(async ({ net, server, go }) => {
  const [, example] = /```js\n([\s\S]*?)```/.exec(readme);
  const body = example.replace(/^import .*\n/, "").replace("new Hybi(\"/live\", {", "$&WebSocket,");
  const lines = [];
  const AsyncFunction = (async () => {}).constructor;
  globalThis.location = { href: "http://here/page" };
  try {
    let client;
    class Hybi extends module.Hybi {
      constructor(...args) { super(...args); client = this; }
    }
    const run = new AsyncFunction("Hybi", "WebSocket", "fetch", "console", body)(
      Hybi, net.WebSocket, async () => ({ text: async () => "ada" }), { log: (...args) => lines.push(args.join(" ")) });
    for (let i = 0; i < 10; ++i) await go();
    await run;
    net.connection.send({ event: "news", data: "good" });
    let age;
    net.connection.ask("how old", null, ({ data }) => { age = data; });
    await go();
    client.close();
    assert.equal(age, 42);
    assert.deepEqual(lines, ["here", "me [object Object]", "[object Object] [object Object]", "3", "good", "gone"]);
  } finally {
    delete globalThis.location;
  }
}));
