// ws 0.4.32, the npm client of the years 2011 to 2014, in versions 8 and 13. Its hixie code, which only its server
// used, plays the client of 75 and 76 behind a handshake made here: both sides frame alike there.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import WebSocket from "ws-0.4";
import { forEachBackend, withDeadline } from "./demo.mjs";
import { kDeadline, kPings, testEcho } from "./echo_suite.mjs";
import { hixieOpen } from "./hixie.mjs";

// Its buffers are reused after the callback.
function listen(socket) {
  const client = { inbox: [], socket };
  socket.on("message", (data, flags) => client.inbox.push(flags.binary ? Buffer.from(data) : data));
  socket.on("error", () => {});
  // Told apart: the server ended the connection, or it gave up waiting for that.
  let ended = false;
  const watch = () => socket._socket.prependOnceListener("end", () => { ended = true; });
  if (socket._socket) watch();
  else socket.on("open", watch);
  client.closed = new Promise(resolve => socket.on("close", (code, reason) => resolve({ code, reason, ended })));
  client.sendText = text => socket.send(text);
  client.sendBinary = bytes => socket.send(bytes);
  client.sendPieces = (pieces, binary) => pieces.forEach(
    (piece, i) => socket._sender.send(piece, { binary, fin: i === pieces.length - 1, mask: true }));
  client.ping = async payload => {
    const pong = once(socket, "pong");
    socket.ping(payload);
    return String((await pong)[0] ?? "");
  };
  client.close = (code, reason) => socket.close(code, reason);
  client.drop = () => socket.terminate();
  return client;
}

async function open(url, options) {
  const socket = new WebSocket(url, options);
  const client = listen(socket);
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  return client;
}

async function openHixie(url, version) {
  const { socket, rest } = await hixieOpen(Number(new URL(url).port), version);
  return listen(new WebSocket([{}, socket, rest, { protocolVersion: "hixie-76" }]));
}

// Of a close it began itself it reports its own code, without waiting for the answer.
for (const protocolVersion of [8, 13]) {
  testEcho(`version ${protocolVersion}`, ["--legacy"], (url, options) => open(url, { protocolVersion, ...options }), {
    pieces: true,
    ping: kPings,
    closing: [
      { code: 1000, reason: "done", wanted: { code: 1000, reason: "done", ended: true } },
      { code: undefined, wanted: { code: 1000, reason: "", ended: true } },
    ],
    goodbye: { code: 1001, reason: "server is going away", ended: true },
  });
}

for (const version of [75, 76]) {
  testEcho(`version ${version}`, ["--legacy"], url => openHixie(url, version), {
    binary: false,
    closing: [{ code: undefined, wanted: { code: 1000, reason: "", ended: true } }],
    goodbye: { code: 1000, reason: "", ended: true },
  });
}

const refused = async (url, options) => {
  const socket = new WebSocket(url, options);
  socket.on("error", () => {});
  const [, answer] = await withDeadline(once(socket, "unexpected-response"), kDeadline, "refuses");
  answer.resume();
  return answer.statusCode;
};

// In version 8 it sends Origin (its Host, without a scheme) beside the Sec-WebSocket-Origin it was given.
forEachBackend(test, "two origins that differ are refused, two that agree are not", ["--legacy"], async demo => {
  const origin = "http://page.example";
  assert.equal(await refused(demo.ws("/echo"), { protocolVersion: 8, origin }), 403);
  (await open(demo.ws("/echo"), { protocolVersion: 8, origin, headers: { Origin: origin } })).drop();
  (await open(demo.ws("/echo"), { protocolVersion: 13, origin })).drop();
});

forEachBackend(test, "without --legacy a foreign origin is refused in version 8 too", [], async demo => {
  assert.equal(await refused(demo.ws("/echo"), { protocolVersion: 8, headers: { Origin: "http://evil.example" } }), 403);
  const own = `http://127.0.0.1:${demo.port}`;
  (await open(demo.ws("/echo"), { protocolVersion: 8, headers: { Origin: own } })).drop();
});
