// WebSocket-Node (npm: websocket) in the drafts: 0.0.1 of August 2011 knows only version 8, 0.0.20 and 1.0.35 know 8
// and 13.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import today from "websocket";
import first from "websocket-0.0.1";
import middle from "websocket-0.0.20";
import { forEachBackend, withDeadline } from "./demo.mjs";
import { echoes, kDeadline, kPings, testEcho } from "./echo_suite.mjs";

// The two old ones begin with a call that Node took away in version 10.
http.createClient = (port, host) => {
  const client = new EventEmitter();
  client.request = (path, headers) => {
    const request = http.request({ port, host, path, headers });
    for (const event of ["upgrade", "error"]) request.on(event, (...values) => client.emit(event, ...values));
    return request;
  };
  return client;
};

// An answer to a close that never came must not look like one that did: the wait for it is longer than the test.
const kConfig = { maxReceivedFrameSize: 1 << 24, closeTimeout: 2 * kDeadline };

async function connect(Client, config, url, ...more) {
  const client = new Client({ ...kConfig, ...config });
  const opened = new Promise((resolve, reject) => {
    client.on("connect", resolve);
    client.on("connectFailed", error => reject(new Error(String(error))));
  });
  client.connect(url, [], "http://page.example", ...more);
  const connection = await withDeadline(opened, kDeadline, "opens");
  const inbox = [];
  connection.on("message", message => inbox.push(message.type === "utf8" ? message.utf8Data : message.binaryData));
  return {
    connection,
    inbox,
    sendText: text => connection.sendUTF(text),
    sendBinary: bytes => connection.sendBytes(bytes),
    close: (code, reason) => connection.close(code, reason),
    drop: () => connection.socket.destroy(),
  };
}

// These send no fields of ours, give pings no payload, swallow pongs and report no close code.
async function connectOld(Client, config, url) {
  const client = await connect(Client, config, url);
  const { connection } = client;
  client.closed = once(connection, "close").then(() => {
    connection.clearCloseTimer();  // 0.0.1 reads nothing after its own close frame, so the timer runs on
    return { error: connection.socketHadError };
  });
  client.ping = () => new Promise(resolve => {
    const process = connection.processFrame;
    connection.processFrame = frame => {
      if (frame.opcode === 10) resolve(frame.binaryPayload.toString());
      process.call(connection, frame);
    };
    connection.ping();
  });
  return client;
}

async function connectToday(config, url, { headers }) {
  const client = await connect(today.client, config, url, headers);
  const { connection } = client;
  client.closed = once(connection, "close").then(([code, reason]) => ({ code, reason }));
  client.ping = async payload => {
    const pong = once(connection, "pong");
    connection.ping(payload);
    return (await pong)[0].toString();
  };
  return client;
}

const kOld = [
  ["0.0.1, version 8", first.client, {}],
  ["0.0.20, version 8", middle.client, { websocketVersion: 8 }],
  ["0.0.20, version 13", middle.client, { websocketVersion: 13 }],
];
for (const [name, Client, config] of kOld) {
  testEcho(name, ["--legacy"], url => connectOld(Client, config, url), {
    ping: [""],
    closing: [{ wanted: { error: false } }],
    goodbye: { error: false },
  });
  forEachBackend(test, `${name}: a message that it cuts into single bytes comes back whole`, ["--legacy"], async demo => {
    const client = await connectOld(Client, { ...config, fragmentationThreshold: 1 }, demo.ws("/echo"));
    await echoes(client, ["a€𐍈z", Buffer.from(Array.from({ length: 256 }, (_, i) => i))]);
    client.drop();
  });
}

testEcho("1.0.35, version 8", ["--legacy"],
         (url, options) => connectToday({ webSocketVersion: 8 }, url, options), {
  ping: kPings,
  closing: [
    { code: 1000, reason: "done", wanted: { code: 1000, reason: "done" } },
    { code: 3000, reason: "grüße", wanted: { code: 3000, reason: "grüße" } },
    { code: 4999, reason: "r".repeat(123), wanted: { code: 4999, reason: "r".repeat(123) } },
  ],
  goodbye: { code: 1001, reason: "server is going away" },
});

forEachBackend(test, "without --legacy the Sec-WebSocket-Origin of version 8 is looked at", [], async demo => {
  await assert.rejects(connectToday({ webSocketVersion: 8 }, demo.ws("/echo"), {}), /403/);
});
