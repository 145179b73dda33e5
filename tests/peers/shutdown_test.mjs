// How `hybi demo` ends and how it refuses to start.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { WebSocket } from "ws";
import { backends, Demo, hybi, until, withDeadline } from "./demo.mjs";

async function open(demo, path = "/echo") {
  const socket = new WebSocket(demo.ws(path));
  socket.on("error", () => {});
  socket.closed = new Promise(resolve => socket.on("close", code => resolve({ code })));
  await withDeadline(once(socket, "open"), 60_000, "opens");
  return socket;
}

// A raw connection that collects what it gets.
async function connect(demo) {
  const raw = net.connect(demo.port, "127.0.0.1");
  raw.text = "";
  raw.setEncoding("latin1").on("data", text => { raw.text += text; });
  raw.on("error", () => {});
  raw.ended = new Promise(resolve => raw.on("close", resolve));
  await withDeadline(once(raw, "connect"), 60_000, "connects");
  return raw;
}

const refusesConnections = demo => until(() => new Promise(resolve => {
  const probe = net.connect(demo.port, "127.0.0.1");
  probe.on("connect", () => { probe.destroy(); resolve(false); });
  probe.on("error", () => resolve(true));
}), "no new connection is taken");

for (const backend of backends) {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    test(`${signal}: 1001 to every WebSocket, then exit 0 (${backend})`, async () => {
      const demo = await Demo.start("--backend", backend, "--threads", "2", "--shutdown-timeout", "300");
      const sockets = await Promise.all(Array.from({ length: 40 }, (_, i) => open(demo, ["/echo", "/live", "/chat"][i % 3])));
      const idle = await connect(demo);  // a keep-alive connection without a request holds nobody up
      const before = Date.now();
      demo.signal(signal);
      for (const socket of sockets) {
        assert.equal((await withDeadline(socket.closed, 60_000, "the socket is closed")).code, 1001);
      }
      assert.deepEqual(await demo.end(60_000), { code: 0, signal: null });
      assert.ok(Date.now() - before < 60_000, "nothing waits for the deadline");
      await withDeadline(idle.ended, 60_000, "the idle connection ends");
      assert.equal(demo.errors, "");
    });
  }

  test(`running requests are finished, new ones are not taken (${backend})`, async () => {
    const demo = await Demo.start("--backend", backend, "--threads", "2", "--shutdown-timeout", "300");
    const later = await connect(demo);
    later.write("GET /api/later?ms=1500 HTTP/1.1\r\nHost: x\r\n\r\n");
    const upload = await connect(demo);
    upload.write("POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n[1, 2");
    await until(async () => (await stats(demo)).total.requests >= 2, "both requests run");
    const idle = await open(demo);
    demo.signal("SIGTERM");
    assert.equal((await idle.closed).code, 1001);
    await refusesConnections(demo);
    upload.write(", 3 ]");
    await withDeadline(later.ended, 60_000, "the late answer comes and the connection ends");
    await withDeadline(upload.ended, 60_000, "the upload is answered and the connection ends");
    assert.match(later.text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nthis answer waited for 1500 ms\n$/);
    assert.match(upload.text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\[1, 2, 3 \]$/);
    assert.deepEqual(await demo.end(60_000), { code: 0, signal: null });
  });

  test(`what still runs at --shutdown-timeout is cut, and the exit code is 0 (${backend})`, async () => {
    const demo = await Demo.start("--backend", backend, "--shutdown-timeout", "0.5");
    const later = await connect(demo);
    later.write("GET /api/later?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(async () => (await stats(demo)).total.requests >= 1, "the request runs");
    const deaf = await open(demo);
    deaf.pause();  // never answers the close frame
    const before = Date.now();
    demo.signal("SIGTERM");
    assert.deepEqual(await demo.end(), { code: 0, signal: null });
    assert.ok(Date.now() - before >= 400, "the deadline was waited for");
    deaf.terminate();
    later.destroy();
  });

  test(`a second signal ends it at once (${backend})`, async () => {
    const demo = await Demo.start("--backend", backend, "--shutdown-timeout", "100");
    const later = await connect(demo);
    later.write("GET /api/later?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(async () => (await stats(demo)).total.requests >= 1, "the request runs");
    demo.signal("SIGTERM");
    await until(() => demo.lines.some(line => line.startsWith("stopping")), "it says that it stops");
    demo.signal("SIGINT");
    assert.deepEqual(await demo.end(30_000), { code: 130, signal: null });
    later.destroy();
  });
}

function stats(demo) {
  return new Promise((resolve, reject) => {
    http.get({ host: "127.0.0.1", port: demo.port, path: "/live", agent: false }, async answer => {
      let text = "";
      for await (const piece of answer.setEncoding("utf8")) text += piece;
      resolve(JSON.parse(text));
    }).on("error", reject);
  });
}

function refuses(flags, exitCode, message) {
  const { status, stdout, stderr } = spawnSync(hybi, flags, { encoding: "utf8", timeout: 60_000 });
  assert.equal(status, exitCode, stderr);
  assert.match(stderr, message);
  assert.match(stderr, /^hybi: [^\n]+\n$/, "one line");
  assert.equal(stdout, "");
}

test("bad flags: one line, exit 2", () => {
  refuses(["demo", "--port", "x"], 2, /--port/);
  refuses(["demo", "--port", "65536"], 2, /--port/);
  refuses(["demo", "--threads", "0"], 2, /--threads/);
  refuses(["demo", "--backend", "kqueue"], 2, /--backend.*epoll/);
  refuses(["demo", "--max-message", "0"], 2, /--max-message/);
  refuses(["demo", "--max-message", "many"], 2, /--max-message/);
  refuses(["demo", "--shutdown-timeout", "-1"], 2, /--shutdown-timeout/);
  refuses(["demo", "--bogus"], 2, /--bogus/);
  refuses(["dance"], 2, /dance/);
});

test("a port in use and an address that is not ours: one line, exit 1", async () => {
  const other = net.createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = String(other.address().port);
  refuses(["demo", "--port", port], 1, new RegExp(`port ${port} is in use`));
  refuses(["demo", "--port", port, "--threads", "2", "--host", "127.0.0.1"], 1, new RegExp(`port ${port} is in use`));
  other.close();
  refuses(["demo", "--port", "0", "--host", "192.0.2.1"], 1, /./);
  refuses(["demo", "--port", "0", "--host", "no.such.host.invalid"], 1, /./);
});

test("the port of a demo that runs is in use for a second one", async () => {
  const demo = await Demo.start();
  refuses(["demo", "--host", "127.0.0.1", "--port", String(demo.port)], 1, /in use/);
  await demo.stop();
});

test("--help and --version", () => {
  const help = spawnSync(hybi, ["demo", "--help"], { encoding: "utf8" });
  assert.equal(help.status, 0);
  for (const flag of ["--host", "--port", "--threads", "--backend", "--max-message", "--shutdown-timeout"]) {
    assert.ok(help.stdout.includes(flag), flag);
  }
  const version = spawnSync(hybi, ["--version"], { encoding: "utf8" });
  assert.equal(version.status, 0);
  assert.match(version.stdout, /^hybi \d+\.\d+\.\d+\n$/);
  assert.equal(spawnSync(hybi, [], { encoding: "utf8" }).status, 2);
});

test("localhost is both families, and the first line is its address", async () => {
  // A port that is free now; if somebody takes it meanwhile, the next one is tried.
  const demo = await until(async () => {
    const probe = net.createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address();
    await new Promise(resolve => probe.close(resolve));
    return Demo.start("--port", String(port)).catch(() => null);
  }, "a demo on a chosen port");
  assert.equal(demo.lines[0], `http://localhost:${demo.port}/`);
  const hosts = ["127.0.0.1", ...(await hasIpv6() ? ["::1"] : [])];
  for (const host of hosts) {
    const [answer] = await withDeadline(once(http.get({ host, port: demo.port, path: "/health", agent: false }), "response"),
                                        60_000, "an answer");
    assert.equal(answer.statusCode, 200, host);
    answer.resume();
  }
  await demo.stop();
});

async function hasIpv6() {
  const probe = net.createServer();
  const can = await new Promise(resolve => {
    probe.on("error", () => resolve(false)).listen(0, "::1", () => resolve(true));
  });
  probe.close();
  return can;
}

test("a unix socket beside the port", async () => {
  const directory = mkdtempSync(join(tmpdir(), "hybi-unix-"));
  const path = join(directory, "demo.sock");
  const demo = await Demo.start("--unix", path);
  const [answer] = await withDeadline(once(http.get({ socketPath: path, path: "/health", agent: false }), "response"),
                                      60_000, "an answer");
  assert.equal(answer.statusCode, 200);
  answer.resume();
  const socket = new WebSocket(`ws+unix://${path}:/echo`);
  await withDeadline(once(socket, "open"), 60_000, "opens");
  socket.send("over unix");
  const [data] = await withDeadline(once(socket, "message"), 60_000, "an echo");
  assert.equal(data.toString(), "over unix");
  socket.terminate();
  await demo.stop();
  rmSync(directory, { recursive: true, force: true });
});

test("ended by a closed terminal: nobody reads stdout, the demo serves on", async () => {
  const child = spawn(hybi, ["demo", "--port", "0", "--shutdown-timeout", "1"], { stdio: ["ignore", "pipe", "ignore"] });
  const [first] = await withDeadline(once(child.stdout.setEncoding("utf8"), "data"), 60_000, "the address");
  const url = first.split("\n")[0];
  child.stdout.destroy();
  const [answer] = await withDeadline(once(http.get(new URL("/health", url), { agent: false }), "response"), 60_000, "an answer");
  assert.equal(answer.statusCode, 200);
  answer.resume();
  child.kill("SIGTERM");
  const [code] = await withDeadline(once(child, "exit"), 60_000, "ends");
  assert.equal(code, 0);
});
