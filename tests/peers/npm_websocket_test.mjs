// The npm package websocket, the older of the two well-known clients, against the demo's echo.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import websocket from "websocket";
import { forEachBackend, until, withDeadline } from "./demo.mjs";

async function open(url, config = {}, ...connectArguments) {
  const client = new websocket.client({ maxReceivedFrameSize: 1 << 26, maxReceivedMessageSize: 1 << 26,
                                        ...config });
  const opened = new Promise((resolve, reject) => {
    client.on("connect", resolve);
    client.on("connectFailed", reject);
  });
  client.connect(url, ...connectArguments);
  const connection = await withDeadline(opened, 60_000, "opens");
  connection.inbox = [];
  connection.on("message", message =>
    connection.inbox.push(message.type === "utf8" ? message.utf8Data : message.binaryData));
  connection.closing = once(connection, "close").then(([code, reason]) => ({ code, reason }));
  return connection;
}

const received = (connection, count) => until(() => connection.inbox.length >= count, `${count} messages`);

forEachBackend(test, "text and binary come back", [], async demo => {
  const connection = await open(demo.ws("/echo"));
  const messages = ["", "hello", "grüße 世界", randomBytes(126), "x".repeat(70_000), randomBytes(1_000_000)];
  for (const message of messages) {
    if (typeof message === "string") connection.sendUTF(message);
    else connection.sendBytes(message);
  }
  await received(connection, messages.length);
  assert.deepEqual(connection.inbox, messages);
  connection.close(1000, "done");
  assert.equal((await withDeadline(connection.closing, 60_000, "closes")).code, 1000);
});

forEachBackend(test, "messages that it cuts into fragments come back whole", [], async demo => {
  const connection = await open(demo.ws("/echo"), { fragmentOutgoingMessages: true, fragmentationThreshold: 100 });
  const text = "a€𐍈".repeat(1000);
  const bytes = randomBytes(50_001);
  connection.sendUTF(text);
  connection.sendBytes(bytes);
  await received(connection, 2);
  assert.deepEqual(connection.inbox, [text, bytes]);
  connection.drop();
});

forEachBackend(test, "pings are answered", [], async demo => {
  const connection = await open(demo.ws("/echo"));
  const pong = once(connection, "pong");
  connection.ping(Buffer.from("are you there"));
  const [payload] = await withDeadline(pong, 60_000, "a pong");
  assert.equal(payload.toString(), "are you there");
  connection.close();
  await withDeadline(connection.closing, 60_000, "closes");
});

forEachBackend(test, "a close code of its own comes back", [], async demo => {
  const connection = await open(demo.ws("/echo"));
  connection.close(4001, "enough");
  assert.equal((await withDeadline(connection.closing, 60_000, "closes")).code, 4001);
});

forEachBackend(test, "too big is 1009", ["--max-message", "500"], async demo => {
  const connection = await open(demo.ws("/echo"));
  connection.sendUTF("x".repeat(501));
  await withDeadline(connection.closing, 60_000, "closes");
  assert.equal(connection.closeReasonCode, 1009);
});

forEachBackend(test, "a foreign origin is refused", [], async demo => {
  await assert.rejects(open(demo.ws("/echo"), {}, null, "http://evil.example"), /403/);
});
