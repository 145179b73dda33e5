// The end-to-end cases against the test's own server, over real sockets.
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Hybi } from "../hybi.js";
import { WebSocket, WebSocketServer } from "./modules.mjs";
import { FakeServer } from "./server.mjs";
import { suite } from "./suite.mjs";

let sockets;

before(async () => {
  const server = new FakeServer();
  sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  sockets.on("connection", socket => {
    const connection = server.accept(socket);
    socket.on("error", () => {});
    socket.on("message", data => connection.receive(data.toString()));
    socket.on("close", () => connection.gone());
  });
  await once(sockets, "listening");
});

after(() => {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
});

const url = () => `ws://127.0.0.1:${sockets.address().port}/live`;
for (const { name, run } of suite({ url, Hybi, WebSocket })) test(name, run);
if (globalThis.WebSocket) {  // Node 22
  for (const { name, run } of suite({ url, Hybi, WebSocket: globalThis.WebSocket })) test(`${name}, Node's own`, run);
}
