// The suite itself on trial: a server that is right passes every case, and each faulty one is caught.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadCases } from "./lib/cases.mjs";
import { kAllVersions } from "./lib/versions.mjs";
import { crude, faults } from "./reference/faults.mjs";
import { startReference } from "./reference_server.mjs";
import { report, runSuite } from "./runner.mjs";

const cases = loadCases();

// Faulty servers leave the runner waiting: short enough to be quick. A case that should pass gets more.
const kImpatient = 1_500;

async function withReference(options, body) {
  const { description, stop } = await startReference(options);
  try {
    return await body(description);
  } finally {
    await stop();
  }
}

const failures = results => results.filter(result => result.error);

for (const compression of [true, false]) {
  test(`the reference server passes every case, ${compression ? "with" : "without"} compression`, async t => {
    const results = await withReference({ compression }, description => runSuite(description, { cases }));
    t.diagnostic(`${results.length} cases`);
    assert.deepEqual(failures(results).map(report), []);
  });
}

test("the reference server passes the cases with messages of 1 MiB", async t => {
  const results = await withReference({ max_message: 1 << 20 },
                                      description => runSuite(description, { cases: cases.filter(one => one.needs.max_message) }));
  t.diagnostic(`${results.length} cases`);
  assert.deepEqual(failures(results).map(report), []);
});

test("a server that speaks only version 13 is asked for nothing else", async t => {
  const results = await withReference({ versions: [13], compression: false }, description => runSuite(description, { cases }));
  t.diagnostic(`${results.length} cases`);
  assert.deepEqual(failures(results).map(report), []);
});

// Some faults show only in that nothing comes: these tests wait side by side.
describe("faulty servers are caught", { concurrency: 8 }, () => {
  for (const [fault, names] of Object.entries(faults)) {
    test(fault, async t => {
      const wanted = cases.filter(one => names.includes(one.name));
      assert.deepEqual(names.filter(name => !wanted.some(one => one.name === name)), [], "cases that do not exist");
      const results = await withReference({ faults: [fault], max_message: 1 << 18 },
                                          description => runSuite(description, { cases: wanted, patience: kImpatient }));
      const caught = failures(results).map(result => result.name);
      t.diagnostic(`caught by ${caught.join(", ")}`);
      assert.deepEqual(caught.sort(), [...names].sort());
    });
  }
});

// Waiting for a silent server takes the time, not the processor: many at once.
test("every case fails for one of the crude servers", async t => {
  let left = cases.filter(one => !one.heavy);
  for (const fault of crude) {
    for (const versions of [kAllVersions, [13, 8, 7], [13]]) {
      for (const compression of [true, false]) {
        const results = await withReference({ faults: [fault], versions, compression, max_message: 1 << 20 }, description =>
          runSuite(description, { cases: left, patience: kImpatient, concurrency: 200 }));
        const caught = new Set(failures(results).map(result => result.name));
        left = left.filter(one => !caught.has(one.name));
      }
    }
  }
  t.diagnostic(`${left.length} are left`);
  assert.deepEqual(left.map(one => one.name), []);
});
