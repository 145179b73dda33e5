// The subscriptions of hybi.js: what is delivered, in which order, and what is told when it is not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMatch } from "./server.mjs";
import { record, seeded, settle, world } from "./fakes.mjs";

const publish = (server, name, ...all) => all.forEach(data => server.publish(name, data));

test("messages, with offset and publisher", () => world(async ({ server, client, go }) => {
  const c = client();
  const room = c.subscribe("room/1"), plain = c.subscribe("plain");
  assert.equal(c.subscribe("room/1"), room, "one object for one channel");
  const all = [];
  room.on("message", message => all.push(message));
  plain.on("message", message => all.push(message));
  await go();
  assert.deepEqual(room.position, { epoch: 1001, offset: 0 });
  const done = room.publish({ text: "hello" }), none = plain.publish(null);
  server.publish("room/1", [1]);
  await go();
  assert.deepEqual(all, [
    { channel: "room/1", data: [1], offset: 1, publisher: undefined },
    { channel: "room/1", data: { text: "hello" }, offset: 2, publisher: c.id },
    { channel: "plain", data: null, offset: undefined, publisher: c.id },
  ]);
  assert.deepEqual(await done, { epoch: 1001, offset: 2 });
  assert.deepEqual(await none, {});
  assert.deepEqual(room.position, { epoch: 1001, offset: 2 });
  assert.equal(plain.position, undefined);
}));

test("history when subscribing, and from a position that was kept", () => world(async ({ server, client, go }) => {
  publish(server, "room/1", 1, 2, 3);
  const c = client();
  const before = record(c.subscribe("room/1", { history: 2 }));
  await go();
  assert.deepEqual(before, ["subscribed true", 2, 3]);
  c.subscribe("room/1").unsubscribe();
  const none = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 4);
  await go();
  assert.deepEqual(none, ["subscribed true", 4]);
  const old = client();
  const kept = record(old.subscribe("room/1", { since: { epoch: 1001, offset: 1 } }));
  const lost = record(client().subscribe("room/1", { since: { epoch: 9, offset: 1 } }));
  await go();
  assert.deepEqual(kept, ["subscribed true", 2, 3, 4, "join c3"]);
  assert.deepEqual(lost, ["subscribed false", 1, 2, 3, 4]);
}));

test("comes back to where it was; without a history it says that something may be missing", () => world(async env => {
  const { net, server, client, go } = env;
  server.options.keeps = name => ({ "room/1": 3, "room/2": 3 })[name] ?? 0;
  const c = client();
  const logs = ["room/1", "room/2", "plain", "room/*"].map(name => record(c.subscribe(name)));
  await go();
  publish(server, "room/1", 1);
  publish(server, "room/2", 1);
  await go();
  net.socket.cut();
  publish(server, "room/1", 2, 3);
  publish(server, "room/2", 2, 3, 4, 5);
  publish(server, "plain", 2);
  await go(1000);
  publish(server, "room/1", 4);
  await go();
  assert.deepEqual(logs, [
    ["subscribed true", 1, "subscribed true", 2, 3, 4],
    ["subscribed true", 1, "subscribed false", 3, 4, 5],
    ["subscribed true", "subscribed false"],
    ["subscribed true", 1, 1, "subscribed false", 4],
  ]);
  assert.equal(server.log.filter(message => message.event !== "hybi:connect").length, 0, "in the one message");
}));

test("what was on its way when the connection was cut comes once", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 1, 2);
  net.latency = () => 10;
  publish(server, "room/1", 3, 4);
  await go(5);
  net.latency = () => 0;
  net.socket.cut();
  await go(1000);
  net.connection.send({ channel: "room/1", data: 4, offset: 4 });
  publish(server, "room/1", 5);
  await go();
  assert.deepEqual(log, ["subscribed true", 1, 2, "subscribed true", 3, 4, 5]);
}));

test("a cut before the first answer repeats the first wish", () => world(async ({ net, server, client, go }) => {
  publish(server, "room/1", 1, 2);
  const c = client();
  const log = record(c.subscribe("room/1", { history: 1 }));
  server.options.later = () => {};
  await go();
  net.socket.cut();
  server.options.later = fn => fn();
  await go(1000);
  assert.deepEqual(log, ["subscribed true", 2]);
}));

test("a gap is filled from the history, and what comes meanwhile waits", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 1);
  net.connection.dropping = true;
  publish(server, "room/1", 2, 3);
  net.connection.stopDropping();
  const held = [];
  server.options.later = fn => held.push(fn);
  publish(server, "room/1", 4);
  await go();
  publish(server, "room/1", 5);
  await go();
  assert.deepEqual(log, ["subscribed true", 1]);
  assert.deepEqual(server.log.at(-1).data, { channel: "room/1", since: { epoch: 1001, offset: 1 } });
  held.forEach(fn => fn());
  await go();
  assert.deepEqual(log, ["subscribed true", 1, 2, 3, 4, 5]);
}));

test("a history in pages, a gap while one is filled, a gap at the end", () => world(async ({ net, server, client, go }) => {
  server.options.page = 2;
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  net.connection.dropping = true;
  publish(server, "room/1", 1, 2, 3, 4, 5);
  net.connection.stopDropping();
  publish(server, "room/1", 6);
  net.connection.dropping = true;
  publish(server, "room/1", 7);
  net.connection.dropping = false;
  publish(server, "room/1", 8);
  net.connection.dropping = true;
  publish(server, "room/1", 9, 10);
  net.connection.stopDropping();
  await go();
  assert.deepEqual(log, ["subscribed true", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
}));

test("of a gap that cannot be filled the application is told where it is and how long", () => world(async env => {
  const { net, server, client, go } = env;
  server.options.keeps = name => ({ "room/1": 2 })[name] ?? 0;
  const c = client();
  const log = record(c.subscribe("room/1")), plain = record(c.subscribe("plain")), all = record(c.subscribe("room/**"));
  await go();
  const lose = (name, ...some) => {
    net.connection.dropping = true;
    publish(server, name, ...some);
    net.connection.stopDropping();
  };
  lose("room/1", 1, 2, 3, 4, 5);
  lose("plain", 1, 2);
  await go();
  assert.deepEqual(log, ["subscribed true", "gap 3", 4, 5]);
  assert.deepEqual(plain, ["subscribed true", "gap 2"]);
  assert.deepEqual(all, ["subscribed true", "gap 5"], "no position, no history");

  // Nothing is left, but what came meanwhile is here.
  const held = [];
  server.options.later = fn => held.push(fn);
  lose("room/1", 6, 7, 8);
  publish(server, "room/1", 9);
  await go();
  server.stream("room/1").items = [];
  held.splice(0);
  net.connection.orders.clear();
  net.connection.send({ id: server.log.at(-1).id, data: { epoch: 1001, offset: 9, publications: [], complete: false } });
  await go();
  assert.deepEqual(log.slice(4), ["gap 3", 9]);

  // The history is refused, or the engine fails for long.
  server.options.later = fn => fn();
  server.options.allows = what => what === "history" ? "forbidden" : null;
  lose("room/1", 10);
  publish(server, "room/1", 11);
  await go();
  assert.deepEqual(log.slice(6), ["gap 1", 11]);
  let asked = 0;
  server.options.allows = what => what === "history" ? (++asked, { code: "too_fast", message: "", retry_ms: 100 }) : null;
  lose("room/1", 12);
  publish(server, "room/1", 13);
  await go(99);
  assert.equal(asked, 1);
  await go(1);
  assert.equal(asked, 2);
  server.options.allows = () => null;
  await go(100);
  assert.deepEqual(log.slice(8), [12, 13]);
  server.options.allows = what => what === "history" ? "unavailable" : null;
  lose("room/1", 14);
  await go(60_000);
  assert.deepEqual(log.slice(10), ["gap 1"]);
}));

test("a cut while a gap is filled", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  const held = [];
  server.options.later = fn => held.push(fn);
  net.connection.dropping = true;
  publish(server, "room/1", 1);
  net.connection.stopDropping();
  publish(server, "room/1", 2);
  await go();
  server.options.later = fn => fn();
  net.socket.cut();
  publish(server, "room/1", 3);
  await go(1000);
  assert.deepEqual(log, ["subscribed true", "subscribed true", 1, 2, 3]);
}));

test("a stream that begins anew", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 1, 2);
  server.forget("room/1");
  publish(server, "room/1", 3);
  await go();
  assert.deepEqual(log, ["subscribed true", 1, 2, "subscribed false", 3]);
  assert.deepEqual(c.subscribe("room/1").position, { epoch: 1002, offset: 1 });
  net.socket.cut();
  server.streams.delete("room/1");
  publish(server, "room/1", 4);
  await go(1000);
  assert.deepEqual(log.slice(5), ["subscribed false", 4]);
  // While a gap is filled.
  net.connection.dropping = true;
  publish(server, "room/1", 5);
  net.connection.stopDropping();
  server.streams.delete("room/1");
  publish(server, "room/1", 6);
  await go(1000);
  assert.deepEqual(log.slice(7), ["subscribed false", 6]);
  // What is held then is of the stream that was: its offsets say nothing.
  publish(server, "room/1", 7, 8);
  net.connection.dropping = true;
  publish(server, "room/1", 9);
  net.connection.stopDropping();
  publish(server, "room/1", 10);
  server.forget("room/1");
  publish(server, "room/1", 11, 12);
  await go();
  assert.deepEqual(log.slice(9), [7, 8, "subscribed false", 11, 12]);
}));

test("a stream that begins anew while a gap is filled: nothing of the new one is lost", () => world(async env => {
  const { net, server, client, go } = env;
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 1);
  net.connection.dropping = true;
  publish(server, "room/1", 2);
  net.connection.stopDropping();
  const held = [];
  server.options.later = fn => held.push(fn);
  publish(server, "room/1", 3);
  server.streams.delete("room/1");
  await go();
  publish(server, "room/1", "a", "b");  // passes the answer, which does not have it
  await go();
  server.options.later = fn => fn();
  held.forEach(fn => fn());
  await go(1000);
  publish(server, "room/1", "c");
  await go();
  assert.deepEqual(log, ["subscribed true", 1, "subscribed false", "a", "b", "c"]);
  assert.equal(c.heard.find(([event]) => event === "close")[1].reason, "another epoch");
}));

test("what waits for an answer is bounded: above it the history is asked", () => world(async ({ net, server, client, go }) => {
  const c = client({ maxQueue: 10 });
  const room = c.subscribe("room/1"), log = record(room), most = [];
  await go();
  const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  // While a gap is filled.
  const held = [];
  server.options.later = fn => held.push(fn);
  net.connection.dropping = true;
  publish(server, "room/1", 1, 2);
  net.connection.stopDropping();
  for (const number of numbers(3, 60)) {
    publish(server, "room/1", number);
    await go();
    most.push(room._held.length);
  }
  assert.equal(Math.max(...most), 10);
  server.options.later = fn => fn();
  held.splice(0).forEach(fn => fn());
  await go();
  assert.deepEqual(log.splice(0), ["subscribed true", ...numbers(1, 60)]);
  // While the history is refused: told.
  server.options.allows = what => what === "history" ? "unavailable" : null;
  net.connection.dropping = true;
  publish(server, "room/1", 61);
  net.connection.stopDropping();
  publish(server, "room/1", ...numbers(62, 75));
  await go(60_000);
  assert.equal(log[0], "gap 1");
  server.options.allows = what => what === "history" ? "forbidden" : null;
  await go(60_000);
  publish(server, "room/1", 76);
  await go();
  assert.deepEqual(log.splice(0), ["gap 1", "gap", 73, 74, 75, 76]);
  // While a subscription is refused, and a pattern brings its messages.
  server.options.allows = (what, name) => name === "plain/1" ? "unavailable" : null;
  c.subscribe("plain/*");
  const plain = c.subscribe("plain/1"), late = record(plain);
  await go();
  publish(server, "plain/1", ...numbers(1, 25));
  await go();
  assert.equal(plain._held.length, 5);
  server.options.allows = () => null;
  await go(30_000);
  assert.deepEqual(late.filter(entry => !/^error/.test(entry)), ["subscribed true", "gap", 22, 23, 24, 25]);
}));

test("a fill that is told to wait for ever ends as a gap", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  let asked = 0;
  server.options.allows = what => what === "history" ? (++asked, { code: "too_fast", message: "", retry_ms: 100 }) : null;
  net.connection.dropping = true;
  publish(server, "room/1", 1, 2);
  net.connection.stopDropping();
  publish(server, "room/1", 3);
  await go(60_000);
  assert.deepEqual(log, ["subscribed true", "gap 2", 3]);
  assert.equal(asked, 6);
}));

test("a pattern gets what matches, an exact name as well, each once", () => world(async ({ server, client, go }) => {
  const c = client();
  const names = ["room/1/chat", "room/*/chat", "room/**", "*/1/chat", "**", "room/*", "room/1/chat/x"];
  const logs = names.map(name => record(c.subscribe(name)));
  await go();
  server.publish("room/1/chat", "a");
  server.publish("room/2/chat", "b");
  server.publish("room/1", "c");
  server.publish("room", "d");
  server.publish("room/1/chat/x", "e");
  await go();
  assert.deepEqual(logs.map(log => log.slice(1).filter(entry => !/^join/.test(entry)).join("")),
                   ["a", "ab", "abce", "a", "abcde", "c", "e"]);
}));

test("matching, against a regular expression", () => world(async ({ net, client, go }) => {
  const random = seeded(5), pick = all => all[Math.floor(random() * all.length)];
  const c = client();
  await go();
  let matched = 0;
  for (let i = 0; i < 600; ++i) {
    const levels = Array.from({ length: 1 + i % 4 }, () => pick(["a", "b", "*", "a.c", "*a"]));
    if (random() < 0.3) levels.push("**");
    const pattern = levels.join("/"), name = Array.from({ length: 1 + i % 5 }, () => pick(["a", "b", "a.c", "axc", "*a"])).join("/");
    const subscription = c.subscribe(pattern), log = record(subscription);
    await go();
    log.length = 0;
    net.connection.send({ channel: name, data: "x" });
    await go();
    assert.equal(log.length, isMatch(pattern, name) ? 1 : 0, `${pattern} ${name}`);
    matched += log.length;
    subscription.unsubscribe();
  }
  assert.ok(matched > 20, `${matched}`);
}));

test("what a pattern brings early does not overtake the exact subscription's recovery", () => world(async env => {
  const { net, server, client, go } = env;
  const c = client();
  const exact = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 1);
  await go();
  net.socket.cut();
  publish(server, "room/1", 2);
  await go(1000);
  exact.length = 0;
  // Asked again on one connection, as after a failure of the engine.
  c.subscribe("room/1").unsubscribe();
  const pattern = record(c.subscribe("room/*"));
  await go();
  const held = [];
  server.options.later = fn => held.push(fn);
  const again = record(c.subscribe("room/1", { since: { epoch: 1001, offset: 1 } }));
  await go();
  publish(server, "room/1", 3);
  await go();
  held.forEach(fn => fn());
  await go();
  publish(server, "room/1", 4);
  await go();
  assert.deepEqual(again.filter(entry => !/^join/.test(entry)), ["subscribed true", 2, 3, 4]);
  assert.deepEqual(pattern.filter(entry => !/^(join|leave)/.test(entry)), ["subscribed true", 3, 4]);
}));

test("unsubscribe, and again", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const room = c.subscribe("room/1"), log = record(room);
  room.unsubscribe();
  assert.equal(room.state, "unsubscribed");
  await go();
  assert.deepEqual(server.log[0].data.channels, {});
  const second = c.subscribe("room/1"), seen = record(second);
  assert.notEqual(second, room);
  await go();
  publish(server, "room/1", 1);
  second.unsubscribe();
  second.unsubscribe();
  const third = record(c.subscribe("room/1", { since: second.position }));
  publish(server, "room/1", 2);
  await go();
  publish(server, "room/1", 3);
  await go();
  assert.deepEqual(log, ["unsubscribed unsubscribed"]);
  assert.deepEqual(seen, ["subscribed true", "unsubscribed unsubscribed"]);
  assert.deepEqual(third, ["subscribed true", 1, 2, 3]);
  assert.equal(server.log.filter(message => message.event === "hybi:unsubscribe").length, 1);
  // Between hybi:connect and its answer.
  net.socket.cut();
  server.options.later = fn => { server.options.later = f => f(); held = fn; };
  let held;
  await go(1000);
  c.subscribe("room/1").unsubscribe();
  const fourth = record(c.subscribe("room/1"));
  held();
  await go();
  publish(server, "room/1", 4);
  await go();
  assert.deepEqual(fourth, ["subscribed true", 4]);
  assert.deepEqual([...net.connection.channels], ["room/1"]);
}));

test("what concerns one connection is not said on the next", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const room = c.subscribe("room/1");
  c.subscribe("plain", { history: 5 });
  await go();
  net.socket.cut();
  room.unsubscribe();
  await go(1000);
  assert.deepEqual(server.log.map(({ event }) => event), ["hybi:connect", "hybi:connect"]);
  server.log.pop();
  net.socket.cut();
  server.options.later = () => {};
  await go(1000);
  c.subscribe("room/2");  // after hybi:connect, before its answer
  server.options.later = fn => fn();
  net.socket.cut();
  await go(3000);
  assert.equal(c.state, "open");
  assert.deepEqual(server.log.map(({ event }) => event), ["hybi:connect", "hybi:connect", "hybi:connect"]);
  assert.deepEqual(server.log.at(-1).data.channels, { plain: {}, "room/2": {} }, "no history for the second time");
}));

test("nothing more of a batch after a listener has closed, nothing twice for a pattern's own name", () => world(async env => {
  const { net, client, go } = env;
  const c = client();
  const log = record(c.subscribe("plain")), pattern = record(c.subscribe("room/*"));
  c.on("stop", () => c.close());
  await go();
  net.connection.send({ channel: "room/*", event: "gap", data: { missed: 2 } });
  net.connection.send([{ channel: "plain", data: 1 }, { event: "stop" }, { channel: "plain", data: 2 }]);
  await go();
  assert.deepEqual(log, ["subscribed true", 1]);
  assert.deepEqual(pattern, ["subscribed true", "gap 2"]);
}));

test("nothing of the history is left: the position is where the stream stands", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const room = c.subscribe("room/1"), log = record(room);
  await go();
  net.socket.cut();
  publish(server, "room/1", 1, 2, 3);
  server.stream("room/1").items = [];
  await go(1000);
  assert.deepEqual(log, ["subscribed true", "subscribed false"]);
  assert.deepEqual(room.position, { epoch: 1001, offset: 3 });
}));

test("refused to the client, but the server subscribes us", () => world(async ({ net, server, client, go }) => {
  const c = client();
  await go();
  const log = record(c.subscribe("room/1"));
  server.options.allows = () => "forbidden";
  server.options.later = fn => { net.connection.join("room/1"); server.options.later = f => f(); fn(); };
  await go();
  publish(server, "room/1", 1);
  await go();
  assert.deepEqual(log, ["subscribed true", 1]);
}));

test("a listener may unsubscribe in the middle", () => world(async ({ net, server, client, go }) => {
  publish(server, "room/1", 1, 2, 3);
  const c = client();
  const room = c.subscribe("room/1", { history: 3 }), log = record(room);
  room.on("message", ({ data }) => data === 2 && room.unsubscribe());
  await go();
  assert.deepEqual(log, ["subscribed true", 1, 2, "unsubscribed unsubscribed"]);
  const again = c.subscribe("room/1", { since: room.position }), rest = record(again);
  again.on("subscribed", () => again.unsubscribe());
  await go();
  assert.deepEqual(rest, ["subscribed true", "unsubscribed unsubscribed"]);
  const closing = c.subscribe("room/1", { history: 3 }), part = record(closing);
  closing.on("message", ({ data }) => data === 2 && c.close());
  await go();
  c.connect();
  await go();
  assert.deepEqual(part, ["subscribed true", 1, 2, "subscribed true", 3], "nothing is lost by close()");
  // While a gap is told.
  server.stream("room/1").size = 1;
  closing.on("gap", () => closing.unsubscribe());
  net.connection.dropping = true;
  publish(server, "room/1", 4, 5, 6);
  net.connection.stopDropping();
  await go();
  assert.deepEqual(part.slice(5), ["gap 2", "unsubscribed unsubscribed"]);
}));

test("a subscription that is refused ends, one that is only not possible now is asked again", () => world(async env => {
  const { server, client, go } = env;
  server.options.allows = (what, name) => ({ "room/1": "forbidden", "room/2": "unavailable",
                                             "room/3": { code: "too_fast", message: "", retry_ms: 70 } })[name];
  const c = client({ minDelay: 1000 });
  const logs = ["room/1", "room/2", "room/3"].map(name => record(c.subscribe(name)));
  await go();
  assert.deepEqual(logs, [["error forbidden", "unsubscribed forbidden forbidden"], ["error unavailable"], ["error too_fast"]]);
  const later = record(c.subscribe("room/1"));
  await go(70);
  assert.deepEqual(later, ["error forbidden", "unsubscribed forbidden forbidden"]);
  assert.deepEqual(logs[2], ["error too_fast", "error too_fast"]);
  await go(680);
  assert.deepEqual(logs[1], ["error unavailable", "error unavailable"]);
  server.options.allows = () => null;
  await go(1500);
  publish(server, "room/2", 1);
  publish(server, "room/3", 1);
  await go();
  assert.deepEqual(logs[1].slice(2), ["subscribed true", 1]);
  assert.deepEqual(logs[2].slice(-2), ["subscribed true", 1]);
}));

test("the server ends a subscription", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const room = c.subscribe("room/1"), log = record(room);
  await go();
  net.connection.kick("room/1");
  net.connection.kick("room/none");
  await go();
  assert.deepEqual(log, ["subscribed true", "unsubscribed kicked out"]);
  assert.equal(room.state, "unsubscribed");
  net.socket.cut();
  await go(1000);
  assert.deepEqual(server.log.at(-1).data.channels, {}, "not again by itself");
}));

test("the server subscribes us, and does it again on the next connection", () => world(async ({ net, server, client, go }) => {
  server.onconnect = link => link.join("room/me");
  const c = client();
  const made = [];
  let log;
  c.on("subscription", room => { made.push(room); log = record(room); });
  await go();
  assert.equal(made.length, 1);
  assert.equal(c.subscribe("room/me"), made[0]);
  publish(server, "room/me", 1);
  await go();
  net.socket.cut();
  publish(server, "room/me", 2, 3);
  await go(1000);
  publish(server, "room/me", 4);
  await go();
  assert.deepEqual(log, ["subscribed true", 1, "subscribed true", 2, 3, 4]);
  assert.equal(made.length, 1);
  assert.deepEqual(server.log.filter(m => m.event === "hybi:connect").map(m => m.data.channels), [{}, {}]);
  made[0].unsubscribe();
  await go();
  assert.equal(net.connection.channels.size, 0);
}));

test("of a stream that begins anew after we have left it nothing is made", () => world(async env => {
  const { net, server, client, go } = env;
  const c = client(), made = [];
  c.on("subscription", room => made.push(room));
  const room = c.subscribe("room/1");
  await go();
  server.forget("room/1");  // on its way
  room.unsubscribe();
  await go();
  assert.equal(made.length, 0);
  const again = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 1);
  await go();
  assert.deepEqual(again, ["subscribed true", 1]);
  // As the application says it.
  net.connection.join("room/2");
  await go();
  net.connection.kick("room/2", "unsubscribed");
  await go();
  assert.deepEqual(made.map(({ channel, state }) => [channel, state]), [["room/2", "unsubscribed"]]);
}));

test("the server subscribes us to what we have asked for as well", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const log = record(c.subscribe("room/1"));
  await go();
  publish(server, "room/1", 1);
  await go();
  net.socket.cut();
  publish(server, "room/1", 2, 3);
  server.options.later = fn => { net.connection.join("room/1"); server.options.later = f => f(); fn(); };
  await go(1000);
  publish(server, "room/1", 4);
  await go();
  assert.deepEqual(log.filter(entry => !/^sub/.test(entry)), [1, 2, 3, 4]);
}));

test("presence: who is there, who comes and goes", () => world(async ({ net, server, client, go }) => {
  const ada = client({ token: "ada" });
  const room = ada.subscribe("room/1"), log = record(room), any = record(ada.subscribe("*/1"));
  await go();
  const bob = client({ token: "bob" });
  const his = bob.subscribe("room/1");
  await go();
  const [members, count] = [room.presence(), room.count()];
  await go();
  assert.deepEqual((await members).map(({ client, user }) => [client, user]), [["c1", "ada"], ["c2", "bob"]]);
  assert.deepEqual(await count, { clients: 2, users: 2 });
  his.unsubscribe();
  await go();
  assert.deepEqual(log, ["subscribed true", "join c2 bob", "leave c2 bob"]);
  assert.deepEqual(any.slice(1), log.slice(1));
}));

test("for await", () => world(async ({ net, server, client, go }) => {
  const c = client();
  const room = c.subscribe("room/1"), seen = [], two = [];
  const reading = (async () => { for await (const { data } of room) seen.push(data); return "ended"; })();
  const breaking = (async () => { for await (const { data } of room) if (two.push(data) === 2) break; })();
  await go();
  publish(server, "room/1", 1, 2);
  await go();
  publish(server, "room/1", 3);
  await go();
  await breaking;
  net.connection.kick("room/1");
  await go();
  assert.equal(await reading, "ended");
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(two, [1, 2]);
  assert.equal(room._listeners.get("message").size, 0);
  for await (const _ of room) assert.fail();
  await settle();
}));
