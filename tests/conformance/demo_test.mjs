// The suite against `hybi demo` over real sockets: both backends, every compression mode, every version.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backends, Demo } from "../peers/demo.mjs";
import { loadCases } from "./lib/cases.mjs";
import { kAllVersions } from "./lib/versions.mjs";
import { report, runSuite } from "./runner.mjs";

const kModes = ["off", "shared", "dedicated"];
const kMaxMessage = 16 << 20;  // the demo's default
const kSmallLimit = 65536;
const kDefaultVersions = [13, 8, 7];

const cases = loadCases();

// Messages of many MiB once per backend: those that are not compressed, and those that are.
function isWorthIt(one, mode) {
  return !one.heavy || mode === (one.needs.compression ? "dedicated" : "off");
}

async function passes(t, flags, server, chosen) {
  const demo = await Demo.start("--shutdown-timeout", "2", ...flags);
  try {
    const compression = server.mode !== "off";
    const results = await runSuite({ host: "127.0.0.1", port: demo.port, path: "/echo", max_message: kMaxMessage,
                                     compression, no_compression: !compression, deflate_frame: compression, window_8: compression,
                                     ...server }, { cases: chosen, heavy: true });
    assert.ok(results.length > 0);
    const slowest = results.reduce((a, b) => a.milliseconds > b.milliseconds ? a : b);
    t.diagnostic(`${results.length} cases, the slowest ${slowest.name}: ${slowest.milliseconds} ms`);
    assert.deepEqual(results.filter(result => result.error).map(report), []);
    return results;
  } finally {
    await demo.stop();
  }
}

for (const backend of backends) {
  for (const mode of kModes) {
    const flags = ["--backend", backend, "--compression", mode, "--legacy"];

    test(`every case, ${backend}, compression ${mode}`, async t => {
      const results = await passes(t, flags, { versions: kAllVersions, mode }, cases.filter(one => isWorthIt(one, mode)));
      const compressed = results.reduce((sum, result) => sum + result.compressed, 0);
      assert.equal(compressed > 0, mode !== "off", `${compressed} messages came compressed`);
    });

    test(`the message limit, ${backend}, compression ${mode}`, t =>
      passes(t, [...flags, "--max-message", String(kSmallLimit)],
             { versions: kAllVersions, mode, max_message: kSmallLimit, limit: true }, cases.filter(one => one.needs.limit)));
  }

  test(`without --legacy only 13, 8 and 7 are served, ${backend}`, t =>
    passes(t, ["--backend", backend], { versions: kDefaultVersions, mode: "shared" },
           cases.filter(one => ["handshake", "version-8", "version-7"].includes(one.topic))));
}
