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

// An example is read in one look.
test("every example has fewer than 60 lines and a program", () => {
  const sources = join(fileURLToPath(import.meta.url), "../../../examples");
  const names = readdirSync(sources).filter(name => name.endsWith(".cc"));
  assert.ok(names.length >= 6);
  const built = readdirSync(programs);
  for (const name of names) {
    assert.ok(readFileSync(join(sources, name), "utf8").split("\n").length - 1 < 60, name);
    assert.ok(built.includes(`example_${name.slice(0, -3)}`), name);
  }
});
