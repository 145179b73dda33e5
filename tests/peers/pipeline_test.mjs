// Pipelining and other things that only raw bytes can say, over plain TCP.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { forEachBackend, until, withDeadline } from "./demo.mjs";

async function connect(demo) {
  const raw = net.connect(demo.port, "127.0.0.1");
  raw.text = "";
  raw.setEncoding("latin1").on("data", text => { raw.text += text; });
  raw.on("error", () => {});
  raw.ended = new Promise(resolve => raw.on("close", resolve));
  await withDeadline(once(raw, "connect"), 60_000, "connects");
  return raw;
}

// Cuts answers with a Content-Length apart.
function answers(text) {
  const found = [];
  while (text !== "") {
    const head = /^HTTP\/1\.1 (\d+) [^]*?\r\n\r\n/.exec(text);
    if (!head) return found;
    const length = Number(/\r\nContent-Length: (\d+)/i.exec(head[0])?.[1] ?? 0);
    if (text.length < head[0].length + length) return found;
    found.push({ status: Number(head[1]), body: text.slice(head[0].length, head[0].length + length) });
    text = text.slice(head[0].length + length);
  }
  return found;
}

const get = path => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const post = body => `POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

forEachBackend(test, "pipelined requests are answered in order, slow ones included", ["--threads", "2"], async demo => {
  const raw = await connect(demo);
  raw.write(get("/api/later?ms=300") + post("[1]") + get("/health") + get("/api/later?ms=0") + get("/nowhere") + post("[2]"));
  await until(() => answers(raw.text).length === 6, "six answers");
  const got = answers(raw.text);
  assert.deepEqual(got.map(answer => answer.status), [200, 200, 200, 200, 404, 200]);
  assert.deepEqual([got[1].body, got[2].body, got[5].body], ["[1]", "ok", "[2]"]);
  assert.match(got[0].body, /300 ms/);
  raw.destroy();
});

forEachBackend(test, "a thousand pipelined requests, byte soup of cuts", [], async demo => {
  const raw = await connect(demo);
  let all = "";
  for (let i = 0; i < 1000; ++i) all += i % 3 ? get("/plaintext") : post(`[${i}]`);
  for (let at = 0; at < all.length; at += 97) raw.write(all.slice(at, at + 97));
  await until(() => answers(raw.text).length === 1000, "all answers");
  answers(raw.text).forEach(({ body }, i) => assert.equal(body, i % 3 ? "Hello, World!" : `[${i}]`));
  raw.destroy();
});

forEachBackend(test, "a WebSocket after a request on the same connection", [], async demo => {
  const raw = await connect(demo);
  raw.write(get("/health") + "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" +
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  await until(() => raw.text.includes("HTTP/1.1 101 "), "the handshake is answered");
  assert.match(raw.text, /^HTTP\/1\.1 200 [^]*\r\n\r\nokHTTP\/1\.1 101 /);
  raw.write(Buffer.from("88820000000003e8", "hex"));
  await withDeadline(raw.ended, 60_000, "the server closes first");
  assert.ok(raw.text.endsWith("\x88\x02\x03\xe8"));
});

forEachBackend(test, "what cannot be framed is refused and the connection ends", [], async demo => {
  const wrong = {
    "GET / HTTP/1.1\r\n\r\n": 400,
    "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n": 400,
    "GET / HTTP/3.0\r\nHost: a\r\n\r\n": 505,
    "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
    "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n[]": 400,
    "POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": 400,
    "GET /health HTTP/1.1\r\nHost : a\r\n\r\n": 400,
    "GET /health HTTP/1.1\nHost: a\n\n": 400,
  };
  for (const [bytes, status] of Object.entries(wrong)) {
    const raw = await connect(demo);
    raw.write(bytes + get("/health"));
    await withDeadline(raw.ended, 60_000, "the connection ends");
    assert.deepEqual(answers(raw.text).map(answer => answer.status), [status], JSON.stringify(bytes));
  }
});

forEachBackend(test, "a peer that has sent everything still gets its answer", [], async demo => {
  const raw = await connect(demo);
  raw.end(get("/api/later?ms=200"));
  await withDeadline(raw.ended, 60_000, "the connection ends");
  assert.equal(answers(raw.text)[0]?.status, 200);
});
