// examples/codec.cc prints a dialogue; every line of it is known.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { programs } from "./example.mjs";

test("codec: two ends talk in memory", () => {
  const { status, stdout } = spawnSync(join(programs, "example_codec"), { encoding: "utf8", timeout: 20_000 });
  assert.equal(status, 0);
  assert.deepEqual(stdout.split("\n"), [
    "client sends 29 bytes",  // 2 + 4 + 5 of text, 2 + 4 + 12 of ping
    '  server reads text "hello"',
    '  server reads ping "still there?"',
    "server sends 20 bytes",  // nothing masked
    '  client reads text "echo"',
    '  client reads pong "still there?"',
    "client sends 12 bytes",
    '  server reads close "done"',
    "server sends 4 bytes",  // the code comes back, the reason does not
    '  client reads close ""',
    "clean: yes",
    "",
  ]);
});

// An example is read in one look; one with pages, in two.
test("every example is short and a program", () => {
  const sources = join(fileURLToPath(import.meta.url), "../../../examples");
  const built = readdirSync(programs);
  const isShort = (lines, ...path) => {
    const text = readFileSync(join(sources, ...path), "utf8");
    assert.ok(text.split("\n").length - 1 < lines, `${path.join("/")} has fewer than ${lines} lines`);
  };
  const entries = readdirSync(sources, { withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => entry.name);
  const folders = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  assert.ok(files.length >= 8);
  for (const name of files) {
    isShort(60, name);
    assert.ok(built.includes(`example_${name.slice(0, -3)}`), name);
  }
  for (const folder of folders) {
    for (const name of readdirSync(join(sources, folder)).filter(name => /\.(cc|h)$/.test(name))) isShort(120, folder, name);
    assert.ok(built.includes(`example_${folder}`), folder);
  }
});
