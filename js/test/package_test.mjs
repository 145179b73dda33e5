// What is published and served: its size, its contents, its types, and that the texts agree.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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

test("npm pack takes what is wanted", () => {
  const cache = mkdtempSync(join(tmpdir(), "hybi-pack-"));
  try {
    const [packed] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--offline", "--cache", cache], {
      cwd: fileURLToPath(new URL("js/", root)), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
    }));
    assert.deepEqual(packed.files.map(({ path }) => path).sort(),
                     ["LICENSE", "README.md", "hybi.d.ts", "hybi.js", "package.json"]);
    assert.equal(packed.filename, `hybi-${manifest.version}.tgz`);
  } finally {
    rmSync(cache, { recursive: true });
  }
});

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
