// examples/channels.cc with hybi.js: the end-to-end cases of any server, and what this one adds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { Hybi } from "../../js/hybi.js";
import { suite } from "../../js/test/suite.mjs";
import { open, withDeadline, withExample } from "./example.mjs";

process.env.PUBLISH_KEY = "a key of the tests";

test("channels: hybi.js end to end", () => withExample("channels", async example => {
  for (const { name, run } of suite({ url: example.ws("/live"), Hybi, WebSocket })) {
    await withDeadline(run(), name).catch(error => { throw new Error(`${name}: ${error.stack}`); });
  }
}));

test("channels: the retained one comes first, and only the server publishes there", () => withExample("channels", async example => {
  const client = new Hybi(example.ws("/live"), { WebSocket });
  client.connect();
  const clock = client.subscribe("clock");
  const told = await withDeadline(new Promise(resolve => clock.on("message", resolve)), "the time");
  assert.match(told.data, /^\d+$/);
  await assert.rejects(clock.publish("12"), { code: "forbidden" });
  client.close();
}));

test("channels: /hybi.js is the client", () => withExample("channels", async example => {
  const answer = await fetch(example.url("/hybi.js"));
  assert.equal(answer.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.match(await answer.text(), /export class Hybi/);
  const again = await fetch(example.url("/hybi.js"), { headers: { "If-None-Match": answer.headers.get("etag") } });
  assert.equal(again.status, 304);
}));

test("channels: what is no message of the protocol is told and closes nothing", () => withExample("channels", async example => {
  const socket = await open(example.ws("/live"), { protocol: "hybi.json" });
  const ask = async message => {
    socket.send(JSON.stringify(message));
    return JSON.parse(await socket.next());
  };
  const code = async (event, data) => (await ask({ event, id: 1, data })).error?.code;
  assert.equal(await code("hybi:subscribe", { channel: "a//b" }), "bad_channel");
  assert.equal(await code("hybi:subscribe", {}), "bad_channel");
  assert.equal(await code("hybi:subscribe", []), "bad_data");
  assert.equal(await code("hybi:subscribe", { channel: "secret" }), "forbidden");
  assert.equal(await code("hybi:subscribe", { channel: "**" }), "forbidden");
  assert.equal(await code("hybi:subscribe", { channel: "room/1", since: 7 }), "bad_position");
  assert.equal(await code("hybi:subscribe", { channel: "room/1", since: { epoch: -1, offset: 0 } }), "bad_position");
  assert.equal(await code("hybi:subscribe", { channel: "room/1", history: "all" }), "bad_data");
  assert.equal(await code("hybi:publish", { channel: "room/*", data: 1 }), "bad_channel");
  assert.equal(await code("hybi:publish", { channel: "clock", data: 1 }), "forbidden");
  assert.equal(await code("hybi:publish", { channel: "room/1", data: 1, key: 5 }), "bad_data");
  assert.equal(await code("hybi:history", { channel: "secret" }), "forbidden");
  assert.equal(await code("hybi:history", { channel: "room/*" }), "bad_channel");
  assert.equal(await code("hybi:presence", { channel: "secret" }), "forbidden");
  assert.equal(await code("hybi:presence", { channel: "clock" }), "forbidden");
  assert.equal(await code("hybi:unsubscribe", { channel: "room/1" }), "not_subscribed");
  assert.equal(await code("hybi:nothing", {}), "unknown_event");
  assert.deepEqual(await ask({ event: "hybi:ping", id: "p" }), { id: "p", data: {} });
  await socket.leave();
}));

test("channels: publishing over HTTP needs the key", () => withExample("channels", async example => {
  const publish = (body, key = process.env.PUBLISH_KEY) => fetch(example.url("/api/publish"), {
    method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...key && { Authorization: `Bearer ${key}` } },
  });
  const client = new Hybi(example.ws("/live"), { WebSocket });
  client.connect();
  const room = client.subscribe("room/http");
  await withDeadline(new Promise(resolve => room.on("subscribed", resolve)), "subscribed");
  const heard = withDeadline(new Promise(resolve => room.on("message", resolve)), "the message");
  const message = { channel: "room/http", data: { text: "<b>hello</b>" }, key: "1" };
  for (const key of ["", "a key of the test", "a key of the tests "]) {
    const refused = await publish(message, key);
    // A space at the end of a field is none of its value. RFC 9112 5.1
    assert.equal(refused.status, key.endsWith(" ") ? 200 : 401);
  }
  const again = await publish(message);
  const { duplicate, offset } = await again.json();
  assert.deepEqual({ duplicate, offset }, { duplicate: true, offset: 1 });
  assert.deepEqual((await heard).data, { text: "<b>hello</b>" });
  for (const [body, error] of [[[], /object/], [{ channel: "a/*", data: 1 }, /channel/], [{ channel: "a" }, /data/],
                               [{ channel: "a", data: 1, key: 2 }, /key/]]) {
    const refused = await publish(body);
    assert.equal(refused.status, 400);
    assert.match((await refused.json()).error, error);
  }
  client.close();
}));
