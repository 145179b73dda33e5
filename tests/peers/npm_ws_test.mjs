// The npm package ws, a client that many servers meet, against the demo's echo.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { WebSocket } from "ws";
import { forEachBackend, until, withDeadline } from "./demo.mjs";

const kDeadline = 60_000;

async function open(url, options = {}, protocols = []) {
  const socket = new WebSocket(url, protocols, options);
  socket.on("error", () => {});
  socket.inbox = [];
  socket.on("message", (data, binary) => socket.inbox.push(binary ? data : data.toString()));
  socket.closed = new Promise(resolve => socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() })));
  await withDeadline(Promise.race([once(socket, "open"), socket.closed.then(() => {
    throw new Error("closed instead of opened");
  })]), kDeadline, `${url} opens`);
  return socket;
}

const received = (socket, count) =>
  until(() => socket.inbox.length >= count, `${count} messages, have ${socket.inbox.length}`, kDeadline);

async function closed(socket, code, reason) {
  const end = await withDeadline(socket.closed, kDeadline, "closes");
  assert.equal(end.code, code);
  if (reason) assert.match(end.reason, reason);
}

// The answer to a handshake that is refused: {status, headers, body}.
async function refused(url, options) {
  const socket = new WebSocket(url, options);
  socket.on("error", () => {});
  const [, answer] = await withDeadline(once(socket, "unexpected-response"), kDeadline, "refuses");
  let body = "";
  for await (const piece of answer.setEncoding("utf8")) body += piece;
  return { status: answer.statusCode, headers: answer.headers, body };
}

forEachBackend(test, "text and binary messages of every length class come back in order", [], async demo => {
  const socket = await open(demo.ws("/echo"));
  const messages = [];
  for (const size of [0, 1, 2, 124, 125, 126, 127, 128, 65_535, 65_536, 65_537, 200_000]) {
    messages.push("ä".repeat(size >> 1) + "x".repeat(size & 1), randomBytes(size));
  }
  for (const message of messages) socket.send(message);
  await received(socket, messages.length);
  assert.deepEqual(socket.inbox, messages);
  socket.close(1000, "done");
  await closed(socket, 1000);
});

forEachBackend(test, "16 MiB come back whole, three at once", ["--max-message", "16MiB"], async demo => {
  const socket = await open(demo.ws("/echo"), { maxPayload: 16 << 20 });
  const message = randomBytes(16 << 20);
  for (let i = 0; i < 3; ++i) socket.send(message);
  await received(socket, 3);
  for (const echo of socket.inbox) assert.ok(echo.equals(message));
  socket.close();
  await closed(socket, 1005);
});

forEachBackend(test, "fragments become one message, with pings between them", [], async demo => {
  const socket = await open(demo.ws("/echo"));
  const pongs = [];
  socket.on("pong", data => pongs.push(data.toString()));
  socket.send("first, ", { fin: false });
  socket.ping("between");
  socket.send("", { fin: false });
  socket.send("last 世", { fin: true });
  for (let i = 0; i < 500; ++i) socket.send(Buffer.from([i & 0xff]), { fin: i === 499, binary: true });
  await received(socket, 2);
  assert.equal(socket.inbox[0], "first, last 世");
  assert.deepEqual(socket.inbox[1], Buffer.from(Array.from({ length: 500 }, (_, i) => i & 0xff)));
  await until(() => pongs.length > 0, "a pong");
  assert.deepEqual(pongs, ["between"]);
  socket.terminate();
});

forEachBackend(test, "a character cut by a fragment is whole again", [], async demo => {
  const socket = await open(demo.ws("/echo"));
  const bytes = Buffer.from("a€𐍈z");
  for (let i = 0; i < bytes.length; ++i) {
    socket.send(bytes.subarray(i, i + 1), { fin: i === bytes.length - 1, binary: false });
  }
  await received(socket, 1);
  assert.equal(socket.inbox[0], "a€𐍈z");
  socket.terminate();
});

forEachBackend(test, "pings are answered with their payload", [], async demo => {
  const socket = await open(demo.ws("/echo"));
  for (const payload of ["", "x", "y".repeat(125)]) {
    const pong = once(socket, "pong");
    socket.ping(payload);
    const [data] = await withDeadline(pong, kDeadline, "a pong");
    assert.equal(data.toString(), payload);
  }
  socket.close(1000);
  await closed(socket, 1000);
});

forEachBackend(test, "close codes come back", [], async demo => {
  const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
  await Promise.all(codes.map(async code => {
    const socket = await open(demo.ws("/echo"));
    socket.close(code, `because ${code}`);
    await closed(socket, code);
  }));
  const silent = await open(demo.ws("/echo"));
  silent.close();
  await closed(silent, 1005);
});

forEachBackend(test, "text that is not UTF-8 is failed with 1007", [], async demo => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0xe2, 0x82]]) {
    const socket = await open(demo.ws("/echo"));
    socket.send(Buffer.from(bytes), { binary: false });
    await closed(socket, 1007, /UTF-8/);
    assert.deepEqual(socket.inbox, []);
  }
});

forEachBackend(test, "a message above --max-message is failed with 1009, one at it is not",
               ["--max-message", "1000"], async demo => {
  const socket = await open(demo.ws("/echo"));
  socket.send("x".repeat(1000));
  await received(socket, 1);
  socket.send("x".repeat(1001));
  await closed(socket, 1009, /max_message_bytes/);
  const pieces = await open(demo.ws("/echo"));
  for (let i = 0; i < 11; ++i) pieces.send("x".repeat(100), { fin: false });
  await closed(pieces, 1009, /max_message_bytes/);
});

forEachBackend(test, "reserved bits and opcodes are failed with 1002", ["--compression", "off"], async demo => {
  for (const frame of ["c1 80 00000000", "83 80 00000000", "80 80 00000000", "81 00", "09 80 00000000"]) {
    const socket = await open(demo.ws("/echo"));
    socket._socket.write(Buffer.from(frame.replace(/ /g, ""), "hex"));
    await closed(socket, 1002);
  }
});

forEachBackend(test, "no subprotocol is agreed where none is served", [], async demo => {
  const socket = await open(demo.ws("/echo"));
  assert.equal(socket.protocol, "");
  socket.terminate();
  const offering = new WebSocket(demo.ws("/echo"), ["soap", "wamp"]);
  offering.on("error", () => {});
  let fields;
  offering.on("upgrade", answer => { fields = answer.headers; });
  await until(() => fields, "the handshake is answered");
  assert.equal(fields["sec-websocket-protocol"], undefined);
  offering.terminate();
});

forEachBackend(test, "a foreign origin is refused, the own one and none are not", [], async demo => {
  const foreign = await refused(demo.ws("/echo"), { origin: "http://evil.example" });
  assert.equal(foreign.status, 403);
  (await open(demo.ws("/echo"), { origin: `http://127.0.0.1:${demo.port}` })).terminate();
  (await open(demo.ws("/echo"))).terminate();
});

forEachBackend(test, "paths without a WebSocket refuse one", [], async demo => {
  assert.equal((await refused(demo.ws("/nowhere"))).status, 404);
  assert.equal((await refused(demo.ws("/chat/no%20room"))).status, 404);
});

forEachBackend(test, "300 clients talk at once and each hears itself", ["--threads", "2"], async demo => {
  const sockets = await Promise.all(Array.from({ length: 300 }, () => open(demo.ws("/echo"))));
  for (let round = 0; round < 10; ++round) {
    sockets.forEach((socket, i) => socket.send(`client ${i} round ${round}`));
  }
  await Promise.all(sockets.map(socket => received(socket, 10)));
  sockets.forEach((socket, i) =>
    assert.deepEqual(socket.inbox, Array.from({ length: 10 }, (_, round) => `client ${i} round ${round}`)));
  for (const socket of sockets) socket.close(1000);
  await Promise.all(sockets.map(socket => closed(socket, 1000)));
});

// What the client does not take must not pile up in the server without end, and nothing may be lost.
forEachBackend(test, "a client that reads late gets everything", ["--max-message", "65536"], async demo => {
  const socket = await open(demo.ws("/echo"));
  socket.pause();
  const kCount = 600;
  for (let i = 0; i < kCount; ++i) socket.send(Buffer.alloc(65_536, i & 0xff));
  const other = await open(demo.ws("/echo"));  // is served meanwhile
  other.send("still there?");
  await received(other, 1);
  other.terminate();
  socket.resume();
  await received(socket, kCount);
  socket.inbox.forEach((data, i) => assert.ok(data.length === 65_536 && data[0] === (i & 0xff)));
  socket.close();
  await closed(socket, 1005);
});

forEachBackend(test, "a client that vanishes harms nobody", [], async demo => {
  const sockets = await Promise.all(Array.from({ length: 50 }, () => open(demo.ws("/echo"))));
  for (const [i, socket] of sockets.entries()) {
    if (i % 2) socket._socket.write(Buffer.from("818a", "hex"));  // in the middle of a frame
    if (i % 3) socket._socket.resetAndDestroy();
    else socket.terminate();
  }
  const live = await open(demo.ws("/live"));
  await until(() => live.inbox.length && JSON.parse(live.inbox.at(-1)).websockets === 1, "only one is left");
  live.terminate();
});

forEachBackend(test, "the live numbers come every second and count", [], async demo => {
  const live = await open(demo.ws("/live"));
  const echo = await open(demo.ws("/echo"));
  for (let i = 0; i < 100; ++i) echo.send("x");
  await received(echo, 100);
  await until(() => {
    const numbers = live.inbox.map(text => JSON.parse(text));
    return numbers.at(-1)?.total.messages_in >= 100 && numbers.some(n => n.per_second.messages_in > 0);
  }, "the numbers have moved");
  assert.equal(JSON.parse(live.inbox.at(-1)).websockets, 2);
  live.terminate();
  echo.terminate();
});

forEachBackend(test, "bytes sent along with the handshake are taken as frames", [], async demo => {
  const raw = net.connect(demo.port, "127.0.0.1");
  raw.write("GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  raw.write(Buffer.from("818000000000", "hex"));
  raw.write(Buffer.from("8182000000006869", "hex"));
  let got = Buffer.alloc(0);
  raw.on("data", data => { got = Buffer.concat([got, data]); });
  const wanted = Buffer.from("8100" + "81026869", "hex");
  await until(() => got.subarray(-wanted.length).equals(wanted), "two echoes");
  assert.match(got.toString("latin1"), /^HTTP\/1\.1 101 [^]*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
  raw.destroy();
});
