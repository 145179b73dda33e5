// Netty 4.1 of Debian as a client: versions 00 (76), 07, 08 and 13, and its three extensions that compress.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { forEachBackend, withDeadline } from "./demo.mjs";
import { kDeadline } from "./echo_suite.mjs";

const kSource = fileURLToPath(new URL("NettyPeer.java", import.meta.url));
const kJars = ["buffer", "codec", "codec-http", "common", "handler", "resolver", "transport"]
  .map(name => `/usr/share/java/netty-${name}.jar`).concat("/usr/share/java/jzlib.jar");

const artefacts = process.env.HYBI_ARTEFACTS ?? tmpdir();
mkdirSync(artefacts, { recursive: true });
const classes = mkdtempSync(join(artefacts, "netty-"));
after(() => rmSync(classes, { recursive: true }));
const kPath = [classes, ...kJars].join(":");
const built = spawnSync("javac", ["-encoding", "UTF-8", "-d", classes, "-cp", kPath, kSource], { encoding: "utf8" });
assert.equal(built.status, 0, built.error?.message ?? built.stderr);

async function netty(demo, version, extension, action, onReady) {
  const child = spawn("java", ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", kPath, "NettyPeer",
                               String(demo.port), version, extension, action]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", text => {
      if (said === "" && text.startsWith("ready")) onReady?.();
      said += text;
    });
  }
  try {
    const [code, signal] = await withDeadline(once(child, "close"), 2 * kDeadline, "netty ends");
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, said);
  } finally {
    child.kill("SIGKILL");
  }
}

for (const version of ["00", "07", "08", "13"]) {
  forEachBackend(test, `version ${version}: echo and close`, ["--legacy"], demo => netty(demo, version, "none", "echo"));

  forEachBackend(test, `version ${version}: a server that goes says so`, ["--legacy"],
                 demo => netty(demo, version, "none", "goodbye", () => demo.signal("SIGTERM")));
}

// Netty refuses parameters it did not ask for, although RFC 7692 lets the server add them; its own offer asks for none.
forEachBackend(test, "version 13: permessage-deflate as it comes, dedicated", ["--legacy", "--compression", "dedicated"],
               demo => netty(demo, "13", "default", "echo"));

forEachBackend(test, "version 13: permessage-deflate as it comes does not take shared's answer",
               ["--legacy", "--compression", "shared"], async demo => {
  await assert.rejects(netty(demo, "13", "default", "echo"), /invalid WebSocket Extension handshake/);
});

for (const [version, extension, name] of [
  ["13", "permessage", "permessage-deflate with every parameter"],
  ["13", "frame", "deflate-frame"],
  ["13", "webkit", "x-webkit-deflate-frame"],
  ["08", "frame", "deflate-frame"],
]) {
  for (const compression of ["shared", "dedicated"]) {
    forEachBackend(test, `version ${version}: ${name}, ${compression}`, ["--legacy", "--compression", compression],
                   demo => netty(demo, version, extension, "echo"));
  }
}
