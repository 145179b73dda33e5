// The programs of examples/ do what their first lines say.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { open, refusal, withDeadline, withExample } from "./example.mjs";

test("echo", () => withExample("echo", async example => {
  const socket = await open(example.ws("/echo"));
  socket.send("hello");
  assert.equal(await socket.next(), "hello");
  socket.send(Buffer.from([0, 255]));
  assert.deepEqual(await socket.next(), Buffer.from([0, 255]));
  await socket.leave();
  assert.equal((await fetch(example.url("/echo"))).status, 426);
  assert.equal((await fetch(example.url("/other"))).status, 404);
}));

test("guarded: no cookie, no connection", () => withExample("guarded", async example => {
  assert.equal((await fetch(example.url("/live"))).status, 401);
  assert.equal(await refusal(example.ws("/live")), 401);
  assert.equal(await refusal(example.ws("/live"), { headers: { Cookie: "session=guess" } }), 401);

  const answer = await fetch(example.url("/login"), { method: "POST", body: "ada" });
  assert.equal(await answer.text(), "welcome, ada\n");
  const [, cookie] = /^(session=[0-9a-f]{32}); HttpOnly/.exec(answer.headers.get("set-cookie"));
  const page = await fetch(example.url("/live"), { headers: { Cookie: cookie } });
  assert.equal(await page.text(), "hello, ada; a WebSocket may connect here\n");
  const socket = await open(example.ws("/live"), { headers: { Cookie: cookie } });
  assert.equal(await socket.next(), "hello, ada");
  await socket.leave();
  assert.equal((await fetch(example.url("/login"), { method: "POST" })).status, 400);
}));

test("chat: a room hears everyone in it, and nobody else", () => withExample("chat", async example => {
  const ada = await open(example.ws("/chat/kitchen?name=Ada"));
  assert.equal(await ada.next(), "welcome, Ada");
  const eve = await open(example.ws("/chat/attic?name=Eve"));
  assert.equal(await eve.next(), "welcome, Eve");
  const bob = await open(example.ws("/chat/kitchen?name=Bob%20B."));
  assert.equal(await bob.next(), "welcome, Bob B.");
  assert.equal(await ada.next(), "Bob B. joined");
  bob.send("hello");
  assert.equal(await ada.next(), "Bob B.: hello");
  assert.equal(await bob.next(), "Bob B.: hello");
  await bob.leave();
  assert.equal(await ada.next(), "Bob B. left");
  eve.send("alone");
  assert.equal(await eve.next(), "Eve: alone");
  assert.equal((await fetch(example.url("/chat/kitchen"))).status, 426);
}));

test("json_service: who watches a note sees it change", () => withExample("json_service", async example => {
  const put = (id, body) => fetch(example.url(`/notes/${id}`), { method: "PUT", body: JSON.stringify(body) });
  assert.equal((await fetch(example.url("/notes/milk"))).status, 404);
  const watcher = await open(example.ws("/notes/milk"));
  assert.equal(await watcher.next(), "null");

  const first = { id: "milk", text: "buy some", version: 1 };
  assert.deepEqual(await (await put("milk", { text: "buy some" })).json(), first);
  assert.deepEqual(JSON.parse(await watcher.next()), first);
  await put("bread", { text: "not watched" });
  await put("milk", { text: "bought" });
  assert.deepEqual(JSON.parse(await watcher.next()), { id: "milk", text: "bought", version: 2 });
  assert.equal((await (await fetch(example.url("/notes/milk"))).json()).version, 2);
  assert.equal((await put("milk", { text: 7 })).status, 400);

  const late = await open(example.ws("/notes/milk"));
  assert.equal(JSON.parse(await late.next()).text, "bought");
  await late.leave();
  await watcher.leave();
}));

test("from_thread: other threads answer and publish", () => withExample("from_thread", async example => {
  const worker = await open(example.ws("/job"));
  for (let i = 1; i <= 50; ++i) worker.send(String(i));
  for (let i = 1; i <= 50; ++i) assert.equal(await worker.next(), String(i * i), "in order");
  const gone = await open(example.ws("/job"));
  gone.send("5");
  gone.terminate();  // its answer goes nowhere, and harms nobody

  const watchers = await Promise.all([1, 2, 3, 4].map(() => open(example.ws("/clock"))));
  for (const watcher of watchers) {
    const [first, second] = [await watcher.next(), await watcher.next()].map(text => Number(/^tick (\d+)$/.exec(text)[1]));
    assert.equal(second, first + 1);
    await watcher.leave();
  }
  await worker.leave();
}));

// Sends `bytes`, and reads until `ends` is satisfied with what came. Latin-1, so that a byte is a character.
async function exchange(socket, bytes, ends) {
  socket.write(Buffer.from(bytes, "latin1"));
  let got = "";
  await withDeadline((async () => {
    while (!ends(got)) got += (await once(socket, "data"))[0].toString("latin1");
  })(), "an answer");
  return got;
}

test("compressed: an old client among new ones", () => withExample("compressed", async example => {
  // The request of hixie-76 1.2, and what it says the answer must end with.
  const request = (path, origin) => `GET ${path} HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n` +
    `Upgrade: WebSocket\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: ${origin}\r\n\r\n^n:ds[4U`;
  const socket = net.connect(example.port, "127.0.0.1");
  const answer = await exchange(socket, request("/any", "https://example.com"), got => got.endsWith("\xff"));
  assert.match(answer, /^HTTP\/1\.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n/);
  assert.match(answer, /\r\nSec-WebSocket-Location: ws:\/\/example\.com\/any\r\n/);
  assert.ok(answer.endsWith("\r\n\r\n8jKS'y:G*Co,Wxa-\x00version 76, as it is\xff"), answer);
  assert.equal(await exchange(socket, "\x00hello\xff", got => got.endsWith("\xff")), "\x00/dot.png\xff");
  assert.equal(await exchange(socket, "\xff\x00", got => got.length >= 2), "\xff\x00");
  socket.destroy();

  for (const [path, origin, status] of [["/any", "http://elsewhere", 403], ["/log", "http://example.com", 426]]) {
    const refused = net.connect(example.port, "127.0.0.1");
    const line = new RegExp(`^HTTP/1\\.1 ${status} `);
    assert.match(await exchange(refused, request(path, origin), got => got.includes("\r\n\r\n")), line);
    refused.destroy();
  }

  const today = await open(example.ws("/any"));
  assert.equal(await today.next(), "version 13, as it is");
  today.send("hello");
  assert.deepEqual(await today.next(), Buffer.from("\x89PNG", "latin1"));
  await today.leave();
}));

test("compressed: what is compressed, and what is not", () => withExample("compressed", async example => {
  const socket = await open(example.ws("/log"), { perMessageDeflate: { threshold: 0, serverMaxWindowBits: 12 } });
  assert.deepEqual({ ...socket._extensions["permessage-deflate"].params },
                   { server_max_window_bits: 11, client_max_window_bits: 11 });
  assert.equal(await socket.next(), "version 13, permessage-deflate");
  const line = "the same words over and over; ".repeat(40);
  const before = socket._socket.bytesRead;
  socket.send(line);
  assert.equal(await socket.next(), line);
  const receipt = await socket.next();
  assert.equal(receipt, `secret 5e6f2a; you said: ${line}`);
  const read = socket._socket.bytesRead - before;
  assert.ok(read > receipt.length && read < receipt.length + 200, `${read} bytes: one of the two is compressed`);
  await socket.leave();

  const plain = await open(example.ws("/log"), { perMessageDeflate: false });
  assert.equal(await plain.next(), "version 13, as it is");
  await plain.leave();
}));
