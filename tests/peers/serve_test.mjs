// `hybi serve` and `hybi config`: what is served, what a mistake in hybi.toml says, what SIGHUP does.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { Hybi } from "../../js/hybi.js";
import { hybi, until, withDeadline } from "./demo.mjs";

const folder = mkdtempSync(join(tmpdir(), "hybi-serve-"));
const site = join(folder, "site");
mkdirSync(site);
const running = new Set();
after(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

let files = 0;
function config(text) {
  const path = join(folder, `hybi-${++files}.toml`);
  writeFileSync(path, text);
  return path;
}

const run = (...flags) => spawnSync(hybi, flags, { encoding: "utf8", timeout: 60_000 });

class Serve {
  text = "";
  output = "";  // the access log

  // Resolves when it listens. The log is JSON on stderr.
  static async start(path, ...flags) {
    const serve = new Serve();
    serve.config = path;
    serve.process = spawn(hybi, ["serve", site, "--config", path, "--listen", "127.0.0.1:0", ...flags],
                          { stdio: ["ignore", "pipe", "pipe"] });
    serve.process.stdout.setEncoding("utf8").on("data", text => { serve.output += text; });
    running.add(serve.process);
    serve.exited = once(serve.process, "exit").then(([code, signal]) => ({ code, signal }));
    serve.process.on("exit", () => { running.delete(serve.process); serve.ended = true; });
    serve.process.stderr.setEncoding("utf8").on("data", text => { serve.text += text; });
    await until(() => serve.ended || serve.events("started").length > 0, "it listens");
    assert.ok(!serve.ended, serve.text);
    serve.port = Number(serve.events("listening")[0].address.split(":").at(-1));
    return serve;
  }

  // Every line must be one JSON object.
  get log() {
    return this.text.split("\n").slice(0, -1).map(line => JSON.parse(line));
  }
  events(message) {
    return this.log.filter(event => event.msg === message);
  }
  keys(message) {
    return this.events(message).map(event => event.key);
  }

  // Sends SIGHUP and waits until `message` was logged once more.
  async reload(message = "reloaded") {
    const before = this.events(message).length;
    this.process.kill("SIGHUP");
    await until(() => this.events(message).length > before, `"${message}" in the log`);
  }

  get(path, headers = {}) {
    return withDeadline(new Promise((resolve, reject) => {
      http.get({ port: this.port, host: "127.0.0.1", path, headers, agent: false }, response => {
        response.resume().on("end", () => resolve(response));
      }).on("error", reject);
    }), 60_000, `GET ${path}`);
  }

  // The status of the answer to an upgrade: 101 or a refusal.
  async upgrade(path, headers = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${path}`, { headers });
    socket.on("error", () => {});
    const status = await withDeadline(new Promise(resolve => {
      socket.on("upgrade", () => resolve(101));
      socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
    }), 60_000, `upgrade of ${path}`);
    socket.terminate();
    return status;
  }

  async open(path) {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${path}`);
    socket.got = [];
    socket.on("message", data => socket.got.push(data.toString()));
    socket.closed = new Promise(resolve => socket.on("close", code => resolve(code)));
    await withDeadline(once(socket, "open"), 60_000, `opens ${path}`);
    return socket;
  }

  async stop() {
    this.process.kill("SIGTERM");
    assert.deepEqual(await withDeadline(this.exited, 60_000, "it ends"), { code: 0, signal: null }, this.text);
  }
}

const kJson = "[log]\nformat = \"json\"\n";

test("an echo and chat rooms without a line of code, and SIGTERM says 1001", async () => {
  const serve = await Serve.start(config(kJson + "[headers]\nX-Served-By = \"hybi\"\n"));
  const echo = await serve.open("/echo");
  echo.send("Grüße");
  await until(() => echo.got.includes("Grüße"), "the echo");

  const guest = name => {
    const hybi = new Hybi(`ws://127.0.0.1:${serve.port}/chat`, { WebSocket, token: JSON.stringify({ name }) });
    hybi.closed = new Promise(resolve => hybi.on("close", ({ code }) => { resolve(code); hybi.close(); }));
    hybi.connect();
    return hybi;
  };
  const [ada, bob] = [guest("Ada"), guest("Bob")];
  const heard = new Promise(resolve => bob.subscribe("chat/tea", { history: 1 }).on("message", resolve));
  ada.subscribe("chat/tea");
  await ada.publish("chat/tea", { id: "1", name: "Ada", text: "hello", at: Date.now() });
  assert.equal((await withDeadline(heard, 60_000, "Bob hears Ada")).data.text, "hello");
  assert.match((await serve.get("/hybi.js")).headers["content-type"], /^text\/javascript/);

  assert.equal(await serve.upgrade("/chat"), 101);
  assert.equal(await serve.upgrade("/chat/tea"), 404);
  assert.equal(await serve.upgrade("/chatter"), 404);
  assert.equal(await serve.upgrade("/echo", { Origin: "https://elsewhere.example" }), 403);
  const nothing = await serve.get("/echo");
  assert.equal(nothing.statusCode, 404);
  assert.equal(nothing.headers["x-served-by"], "hybi");

  await serve.stop();
  assert.deepEqual(await Promise.all([echo.closed, ada.closed, bob.closed]), [1001, 1001, 1001]);
  assert.deepEqual(serve.log.slice(-2).map(event => event.msg), ["stopping", "stopped"]);
});

test("every line of the log has time, level and message first", async () => {
  const serve = await Serve.start(config(kJson));
  await serve.stop();
  assert.ok(serve.log.length >= 4);
  for (const event of serve.log) {
    assert.deepEqual(Object.keys(event).slice(0, 3), ["time", "level", "msg"]);
    assert.ok(!Number.isNaN(Date.parse(event.time)));
  }
});

test("mistakes in the file are told at their places, all of them, with exit code 2", () => {
  const path = config("[server]\nthread = 2\nbackend = \"epol\"\n[http]\nmax_head = true\n");
  const expected = [
    `${path}:2:1: unknown key "thread"; did you mean "threads"?`,
    `${path}:3:11: server.backend: expected one of "auto", "epoll", "uring", found "epol"; did you mean "epoll"?`,
    `${path}:5:12: http.max_head: expected a size such as "64 KiB", found true`,
    "",
  ].join("\n");
  for (const command of [["serve", site, "--config", path], ["config", "check", path], ["config", "show", path]]) {
    const tried = run(...command);
    assert.equal(tried.stderr, expected);
    assert.equal(tried.stdout, "");
    assert.equal(tried.status, 2);
  }
});

test("what keeps it from serving is one line and exit code 1; bad flags are 2", () => {
  const missing = join(folder, "missing");
  for (const [flags, line, code] of [
    [["config", "check", missing], `${missing}: No such file or directory\n`, 1],
    [["serve", site, "--config", missing], `${missing}: No such file or directory\n`, 1],
    [["serve", missing], `hybi: ${missing}: No such file or directory\n`, 1],
    [["serve", site, "--threads", "0"], "hybi: --threads: 0 is out of range, 1 to 1024\n", 2],
    [["serve", site, "--listen", "nowhere"],
      "hybi: --listen: \"nowhere\" is no address; host:port, [v6]:port, port or unix:/path\n", 2],
    [["serve"], "hybi: which folder? hybi serve DIR, or root in [static] of the configuration\n", 2],
  ]) {
    const tried = run(...flags);
    assert.equal(tried.stderr, line);
    assert.equal(tried.status, code);
  }
  assert.equal(run("config").status, 2);
  assert.match(run("serve", "--nonsense").stderr, /^hybi: .*hybi serve --help/);
});

test("config show is a configuration that shows the same", () => {
  const path = config("[server]\nthreads = 3\n[headers]\n\"X-A\" = \"a \\\"b\\\"\"\n");
  assert.deepEqual([run("config", "check", path).status, run("config", "check", path).stdout], [0, `${path}: ok\n`]);
  const shown = run("config", "show", path);
  assert.equal(shown.status, 0);
  assert.ok(shown.stdout.includes(`threads = 3  # ${path}:2\n`));
  const again = config(shown.stdout);
  const plain = text => text.replaceAll(/  # .*$/gm, "");
  assert.equal(plain(run("config", "show", again).stdout), plain(shown.stdout));
  assert.equal(run("config", "show").status, 0);
});

test("SIGHUP applies what can change, and names what needs a restart", async () => {
  const path = config(kJson + "[websocket]\necho = \"/echo\"\n");
  const serve = await Serve.start(path);
  const open = await serve.open("/echo");
  writeFileSync(path, kJson + "[websocket]\necho = \"/mirror\"\n[http]\nmax_body = \"2 MiB\"\n[headers]\nX-New = \"yes\"\n" +
                      "[channels]\nenabled = false\n");
  await serve.reload();
  assert.deepEqual(serve.keys("setting changed").sort(), ["channels.enabled", "headers", "websocket.echo"]);
  assert.deepEqual(serve.keys("setting needs a restart"), ["http.max_body"]);
  assert.equal(await serve.upgrade("/mirror"), 101);
  assert.equal(await serve.upgrade("/echo"), 404);
  assert.equal(await serve.upgrade("/chat"), 404);
  assert.equal((await serve.get("/hybi.js")).statusCode, 404);
  assert.equal((await serve.get("/")).headers["x-new"], "yes");
  open.send("still open");
  await until(() => open.got.includes("still open"), "what was open stays as it was");

  // The same file again: nothing changed but what still needs a restart.
  await serve.reload();
  assert.equal(serve.events("setting changed").length, 3);
  assert.deepEqual(serve.keys("setting needs a restart"), ["http.max_body", "http.max_body"]);
  await serve.stop();
});

test("SIGHUP with a mistake in the file changes nothing and says why", async () => {
  const path = config(kJson);
  const serve = await Serve.start(path);
  writeFileSync(path, kJson + "[websocket]\necho = \"/mirror\"\nehco = 1\n");
  await serve.reload("nothing changed");
  assert.deepEqual(serve.events("configuration is wrong").map(event => event.problem),
                   [`${path}:5:1: unknown key "ehco"; did you mean "echo"?`]);
  assert.equal(await serve.upgrade("/echo"), 101);
  assert.equal(await serve.upgrade("/mirror"), 404);

  rmSync(path);
  await serve.reload("nothing changed");
  assert.equal(serve.events("configuration is wrong").at(-1).problem, `${path}: No such file or directory`);
  writeFileSync(path, kJson + "[websocket]\necho = \"/mirror\"\n");
  await serve.reload();
  assert.equal(await serve.upgrade("/mirror"), 101);
  await serve.stop();
});

test("flags stay on top of a file that is read again", async () => {
  const path = config(kJson);
  const serve = await Serve.start(path, "--threads", "2");
  writeFileSync(path, kJson + "[server]\nthreads = 7\nlisten = [\"127.0.0.1:1\"]\n");
  await serve.reload();
  assert.deepEqual(serve.keys("setting needs a restart"), []);
  assert.equal(serve.events("started")[0].threads, 2);
  await serve.stop();
});

test("SIGHUP opens the log file again, beside the configuration", async () => {
  const path = config("[log]\nformat = \"logfmt\"\nfile = \"serve.log\"\n");
  const log = join(folder, "serve.log");
  const child = spawn(hybi, ["serve", site, "--config", path, "--listen", "127.0.0.1:0"], { stdio: "ignore" });
  running.add(child);
  const exited = once(child, "exit");
  const read = file => (existsSync(file) ? readFileSync(file, "utf8") : "");
  await until(() => read(log).includes(" msg=started "), "it listens");
  renameSync(log, `${log}.1`);
  child.kill("SIGHUP");
  await until(() => read(log).includes(" msg=reloaded "), "a new file");
  assert.ok(!read(`${log}.1`).includes("reloaded"));
  assert.ok(read(`${log}.1`).includes("started"));
  child.kill("SIGTERM");
  assert.deepEqual(await withDeadline(exited, 60_000, "it ends"), [0, null]);
  running.delete(child);
  assert.match(read(log), /^time=\S+ level=info msg=stopped$/m);
});

test("the log's level changes at SIGHUP", async () => {
  const path = config(kJson);
  const serve = await Serve.start(path);
  writeFileSync(path, kJson + "level = \"error\"\n[headers]\nX-Level = \"error\"\n");
  serve.process.kill("SIGHUP");
  await until(async () => (await serve.get("/")).headers["x-level"] === "error", "the reload");
  // The header is seen a little before the level changes; a mistake, which is an error, comes after both.
  writeFileSync(path, "x = 1\n");
  await serve.reload("nothing changed");
  assert.equal(serve.events("reloaded").length, 0);
  await serve.stop();
  assert.equal(serve.events("stopped").length, 0);
});

test("files of the folder, sessions, compression and an access log, without a line of code", async () => {
  writeFileSync(join(site, "index.html"), "<title>home</title>");
  writeFileSync(join(site, "big.txt"), "hello ".repeat(1000));
  writeFileSync(join(site, ".secret"), "no");
  const serve = await Serve.start(config(kJson + "access = \"json\"\n[server]\nthreads = 1\n[sessions]\nenabled = true\n"));
  const home = await serve.get("/");
  assert.equal(home.statusCode, 200);
  assert.equal(home.headers["content-type"], "text/html; charset=utf-8");
  assert.match(home.headers["set-cookie"][0], /^sid=[^;]+;.*HttpOnly/);
  assert.equal((await serve.get("/.secret")).statusCode, 404);
  assert.equal((await serve.get("/%2e%2e/etc/passwd")).statusCode, 400);
  const cookie = home.headers["set-cookie"][0].split(";")[0];
  const big = await serve.get("/big.txt", { "Accept-Encoding": "gzip", Cookie: cookie });
  assert.equal(big.headers["content-encoding"], "gzip");
  assert.equal(big.headers["set-cookie"], undefined);
  assert.equal(await serve.upgrade("/echo", { Cookie: cookie }), 101);
  await serve.stop();
  const lines = serve.output.trim().split("\n").map(line => JSON.parse(line));
  assert.deepEqual(lines.map(line => line.status), [200, 404, 400, 200, 101]);
  assert.ok(!serve.output.includes(cookie.split("=")[1]), "a cookie is a secret");
});

test("sessions need a secret that can be read and a store that can be named", () => {
  for (const [wrong, name] of [["secret_file = \"missing\"", "BadSecret"],
                               ["store = \"redis://host:x\"", "BadSessionOptions"]]) {
    const path = config(`${kJson}[sessions]\nenabled = true\n${wrong}\n`);
    const { status, stderr } = run("serve", site, "--config", path, "--listen", "127.0.0.1:0");
    assert.equal(status, 1, stderr);
    assert.equal(JSON.parse(stderr.trim().split("\n").at(-1)).error, name);
  }
});
