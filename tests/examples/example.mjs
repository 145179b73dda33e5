// For the tests of this directory: runs a program of examples/ and talks to it with npm ws.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const kDeadline = 60_000;

export const programs = process.env.HYBI_EXAMPLES;
assert.ok(programs, "HYBI_EXAMPLES names the directory of the example programs");

export function withDeadline(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${kDeadline} ms: ${what}`)), kDeadline);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Starts example_<name> on a free port, with further arguments, gives `body` its address, ends it.
export async function withExample(name, body, ...args) {
  const child = spawn(join(programs, `example_${name}`), ["0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  try {
    const [line] = await withDeadline(Promise.race([
      once(createInterface({ input: child.stdout }), "line"),
      exited.then(() => { throw new Error(`example_${name} ended`); }),
    ]), `example_${name} listens`);
    const port = Number(/^listening (\d+)$/.exec(line)?.[1]);
    assert.ok(port, line);
    await body({ port, url: path => `http://127.0.0.1:${port}${path}`, ws: path => `ws://127.0.0.1:${port}${path}` });
    assert.equal(child.exitCode, null, "it still runs");
  } finally {
    child.kill("SIGTERM");
    await withDeadline(exited, `example_${name} ends`);
  }
}

// A connected client: next() gives one message after the other.
export async function open(url, options) {
  const socket = new WebSocket(url, options);
  const inbox = [];
  let wake = () => {};
  socket.on("error", () => {});
  socket.on("message", (data, binary) => {
    inbox.push(binary ? data : data.toString());
    wake();
  });
  socket.next = () => withDeadline((async () => {
    while (inbox.length === 0) await new Promise(resolve => { wake = resolve; });
    return inbox.shift();
  })(), "a message");
  socket.leave = async () => {
    socket.close(1000);
    const [code] = await withDeadline(once(socket, "close"), "closes");
    assert.equal(code, 1000);
  };
  await withDeadline(once(socket, "open"), "opens");
  return socket;
}

// What a browser keeps of an answer's cookies, as the field of the next request.
export function cookiesOf(answer) {
  return answer.headers.getSetCookie().map(cookie => cookie.split(";")[0]).join("; ");
}

// The status that a handshake is refused with.
export async function refusal(url, options) {
  const socket = new WebSocket(url, options);
  socket.on("error", () => {});
  const [, answer] = await withDeadline(once(socket, "unexpected-response"), "refuses");
  answer.resume();
  return answer.statusCode;
}
