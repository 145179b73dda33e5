// Protocol::WebSocket, Perl's codec of 2010 to 2018, as a client in versions 75, 00 (76), 10 (8) and 17 (13).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { forEachBackend, withDeadline } from "./demo.mjs";
import { kDeadline } from "./echo_suite.mjs";

const kScript = fileURLToPath(new URL("perl_protocol_websocket.pl", import.meta.url));
const kVersions = ["draft-hixie-75", "draft-ietf-hybi-00", "draft-ietf-hybi-10", "draft-ietf-hybi-17"];

async function perl(demo, version, mode, onReady) {
  const child = spawn("/usr/bin/perl", [kScript, String(demo.port), version, mode]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", text => {
      const before = said;
      said += text;
      if (!before.includes("# ready\n") && said.includes("# ready\n")) onReady?.();
    });
  }
  try {
    const [code, signal] = await withDeadline(once(child, "close"), 2 * kDeadline, "perl ends");
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, said);
    assert.match(said, /^1\.\.\d+$/m);
  } finally {
    child.kill("SIGKILL");
  }
}

for (const version of kVersions) {
  forEachBackend(test, `${version}: echo and close`, ["--legacy"], demo => perl(demo, version, "echo"));

  forEachBackend(test, `${version}: a server that goes says so`, ["--legacy"],
                 demo => perl(demo, version, "goodbye", () => demo.signal("SIGTERM")));
}
