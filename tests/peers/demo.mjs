// For the tests of this directory: starts `hybi demo` on a free port, stops it, waits for conditions.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { kPatience, until, withDeadline } from "../waiting.mjs";

export { until, withDeadline };

export const hybi = process.env.HYBI;
assert.ok(hybi, "HYBI names the command to test");

// The backends this machine has: starting one that it has not fails at once.
export const backends = ["epoll", "uring"].filter(name => {
  if (name === "epoll") return true;
  const tried = spawnSync(hybi, ["demo", "--port", "0", "--backend", name, "--shutdown-timeout", "0"],
                          { timeout: 2_000, killSignal: "SIGTERM", encoding: "utf8" });
  return !tried.stderr.includes("backend");
});

// A test that failed may have left its demo running.
const running = new Set();
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

export class Demo {
  lines = [];
  errors = "";

  // Resolves when it listens.
  static async start(...flags) {
    const demo = new Demo();
    demo.process = spawn(hybi, ["demo", "--port", "0", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    running.add(demo.process);
    demo.process.on("exit", () => running.delete(demo.process));
    demo.exited = once(demo.process, "exit").then(([code, signal]) => ({ code, signal }));
    demo.process.stderr.setEncoding("utf8").on("data", text => { demo.errors += text; });
    createInterface({ input: demo.process.stdout }).on("line", line => demo.lines.push(line));
    let ended = false;
    demo.exited.then(() => { ended = true; });
    try {
      await until(() => ended || demo.lines.some(line => line.startsWith("backend ")),
                  "the demo listens", kPatience);
      assert.ok(!ended, `the demo did not start: ${demo.errors}`);
    } catch (error) {
      demo.process.kill("SIGKILL");
      throw error;
    }
    demo.url = demo.lines[0];
    demo.port = Number(new URL(demo.url).port);
    demo.backend = demo.lines.find(line => line.startsWith("backend ")).split(/[ ,]/)[1];
    return demo;
  }

  ws(path) {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  signal(name) {
    this.told = true;
    this.process.kill(name);
  }

  end(milliseconds = kPatience) {
    return withDeadline(this.exited, milliseconds, "the demo ends").catch(error => {
      this.process.kill("SIGKILL");
      throw error;
    });
  }

  // What every test does last: the demo ends well when told to.
  async stop() {
    if (this.process.exitCode === null && !this.told) this.signal("SIGTERM");  // twice would cut it short
    assert.deepEqual(await this.end(), { code: 0, signal: null }, this.errors);
  }
}

// Runs `body` with a demo for each backend, as subtests of `test`.
export function forEachBackend(test, name, flags, body) {
  for (const backend of backends) {
    test(`${name} (${backend})`, async t => {
      const demo = await Demo.start("--backend", backend, "--shutdown-timeout", "2", ...flags);
      try {
        await body(demo, t);
      } finally {
        await demo.stop();
      }
    });
  }
}
