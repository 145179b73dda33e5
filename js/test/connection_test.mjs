// The connection of hybi.js: coming back, tokens, liveness, what is asked while it is away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Hybi, HybiError } from "../hybi.js";
import { record, settle, world } from "./fakes.mjs";

const codes = promises => Promise.all(promises.map(promise => promise.then(value => value, error => error.code)));
const events = client => client.heard.map(([event]) => event).join(" ");
const sent = socket => socket.sent.map(text => JSON.parse(text));

test("connects with subprotocol, token and all channels in one message", () => world(async ({ net, client, go }) => {
  const c = client({ token: "ada" });
  c.subscribe("room/1");
  c.subscribe("room/2", { history: 3 });
  c.subscribe("room/3", { since: { epoch: 7, offset: 2 } });
  c.subscribe("__proto__");
  assert.equal(c.state, "connecting");
  await go();
  assert.equal(c.state, "open");
  assert.equal(c.id, "c1");
  assert.equal(net.socket.url, "ws://here/live");
  assert.equal(net.socket.protocols, "hybi.json");
  assert.deepEqual(net.socket.sent.map(text => JSON.parse(text).data), [{ token: "ada", channels: JSON.parse(
    '{"room/1":{},"room/2":{"history":3},"room/3":{"since":{"epoch":7,"offset":2}},"__proto__":{}}') }]);
  assert.deepEqual(c.heard, [["open", { client: "c1" }]]);
  assert.equal(c.subscribe("__proto__").state, "subscribed");
  c.connect();
  await go();
  assert.equal(net.sockets.length, 1, "connect() twice is once");
}));

test("addresses", () => {
  assert.equal(new Hybi("https://a.example/live?x=1#y").url, "wss://a.example/live?x=1");
  assert.equal(new Hybi("http://a.example:81").url, "ws://a.example:81/");
  assert.throws(() => new Hybi("/live"), TypeError);  // no page that it is relative to
  globalThis.location = { href: "https://b.example/page#part" };
  assert.equal(new Hybi("/live").url, "wss://b.example/live");
  assert.equal(new Hybi("live").url, "wss://b.example/live");
  delete globalThis.location;
});

test("waits longer after each failure, half of it by chance", () => world(async ({ clock, net, client, go }) => {
  Math.random = () => 0.5;
  net.up = false;
  const c = client({ minDelay: 1000, maxDelay: 5000 });
  await go();
  for (const delay of [750, 1500, 3000, 3750, 3750]) {
    assert.equal(c.state, "waiting");
    assert.deepEqual(c.heard.at(-1), ["close", { code: 1006, reason: "", delay }]);
    const before = net.sockets.length;
    await go(delay - 1);
    assert.equal(net.sockets.length, before);
    await go(1);
    assert.equal(net.sockets.length, before + 1);
  }
  for (const [random, delay] of [[0, 2500], [0.999999, 5000]]) {
    Math.random = () => random;
    await go(5000);
    assert.ok(Math.abs(c.heard.at(-1)[1].delay - delay) < 1, "between half and all");
  }
  assert.ok(clock.timers.size > 0);
}));

test("only a connection that lasted resets the delay", () => world(async ({ net, client, go }) => {
  const c = client({ minDelay: 1000 });
  const delays = () => c.heard.filter(([event]) => event === "close").map(([, data]) => data.delay);
  await go();
  for (let i = 0; i < 3; ++i) {
    net.socket.cut();
    await go(delays().at(-1));
    assert.equal(c.state, "open");
  }
  await go(5000);
  net.socket.cut();
  assert.deepEqual(delays(), [750, 1500, 3000, 750]);
}));

test("close codes", async () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 1013, 1009, 4000, 3999]) {
    await world(async ({ net, client, go }) => {
      const c = client();
      await go();
      net.connection.close(code, "why");
      await go();
      assert.equal(c.state, "waiting", code);
      assert.equal(c.heard.at(-1)[1].reason, "why");
      await go(1000);
      assert.equal(events(c), "open close open");
    });
  }
  for (const code of [1000, 1008, 4400, 4401, 4403]) {
    await world(async ({ net, client, go }) => {
      const c = client({ token: "static" });
      await go();
      const asked = codes([c.call("sum", [])]);
      net.connection.close(code, "why");
      await go();
      assert.equal(c.state, "closed", code);
      assert.deepEqual(c.heard.at(-1), ["close", { code, reason: "why", delay: undefined }]);
      assert.deepEqual(await asked, ["closed"]);
      assert.deepEqual(await codes([c.call("sum", [1])]), ["closed"]);
      assert.equal(c.send("x"), false);
      await go(100_000);
      assert.equal(net.sockets.length, 1);
      c.connect();
      await go();
      assert.equal(c.state, "open", "it may be told to try once more");
    });
  }
});

test("a token function is asked again once, and again when the new one was good", () => world(async env => {
  const { net, server, client, go } = env;
  let good = "t1", calls = 0;
  server.options.token = token => token === good;
  const c = client({ token: async () => `t${++calls}` });
  await go();
  assert.deepEqual([c.state, calls], ["open", 1]);
  net.socket.cut();
  await go(1000);
  assert.deepEqual([c.state, calls], ["open", 1], "an ordinary cut keeps it");
  await go(5000);
  good = "t2";
  net.connection.close(4401, "expired");
  await go();
  assert.deepEqual([c.state, calls], ["open", 2], "at once");
  await go(5000);
  good = "none";
  net.connection.close(4401, "expired");
  await go(60_000);
  assert.deepEqual([c.state, calls], ["closed", 3]);
  assert.equal(c.heard.at(-1)[1].code, 4401);
}));

test("a new token is asked for again when another end lay between", () => world(async ({ net, server, client, go }) => {
  let good = "t1", calls = 0;
  server.options.token = token => token === good;
  const c = client({ token: async () => `t${++calls}` });
  await go();
  for (let round = 0; round < 2; ++round) {
    good = `t${calls + 1}`;
    net.connection.close(4401, "expired");
    await go(2000);
    assert.equal(c.state, "open");
    good = `t${calls + 1}`;
    net.socket.cut();
    await go(2000);
    assert.deepEqual([c.state, calls], ["open", Number(good.slice(1))], "the old one is refused, the new one taken");
    await go(5000);
  }
  // Nobody is asked without end.
  good = "none";
  net.connection.close(4401, "expired");
  await go(60_000);
  assert.equal(c.state, "closed");
  const before = calls;
  good = `t${calls + 2}`;
  c.connect();
  await go(1000);
  assert.deepEqual([c.state, calls], ["open", before + 2], "connect() begins anew");
}));

test("a token function that fails with nothing, or with no error", () => world(async ({ client, go }) => {
  for (const [thrown, message] of [[undefined, "failed"], [null, "failed"], ["offline", "offline"]]) {
    let fails = true;
    const c = client({ token: () => fails ? Promise.reject(thrown) : "t" });
    await go();
    assert.deepEqual(c.heard.map(([event]) => event), ["error", "close"]);
    assert.equal(c.heard[0][1].message ?? c.heard[0][1], message);
    assert.equal(c.heard[1][1].reason, message);
    fails = false;
    await go(1000);
    assert.equal(c.state, "open");
  }
}));

test("what is no Unicode is sent as U+FFFD and spoils nothing", () => world(async ({ net, server, client, go }) => {
  const lone = "room/\ud83d", c = client({ token: "\udc00" });
  const room = c.subscribe(lone), log = record(room), other = record(c.subscribe("room/2"));
  assert.equal(room.channel, "room/\ufffd");
  assert.equal(c.subscribe(lone), room);
  await go();
  assert.equal(c.state, "open");
  server.publish("room/2", 1);
  c.publish(lone, "\ud83d");
  const values = {
    "\ud83d": "\ufffd", "\udfff\ud800": "\ufffd\ufffd", "\\\ud83d": "\\\ufffd", "a\udc00b": "a\ufffdb",
    "\\ud83d": "\\ud83d", "\\\\ud83d": "\\\\ud83d", "\"\ud83d\n": "\"\ufffd\n", "😀": "😀", "\ud83d😀\ude00": "\ufffd😀\ufffd",
    "\u0000\ud7ff\ue000": "\u0000\ud7ff\ue000",
  };
  const answers = Promise.all(Object.keys(values).map(value => c.call("echo", [value, { [value]: 1 }])));
  await go();
  assert.deepEqual(await answers, Object.values(values).map(value => [value, { [value]: 1 }]));
  assert.deepEqual([log, other], [["subscribed true", "\ufffd"], ["subscribed true", 1]]);
  c.handle("how old", () => "\ud800");
  let answer;
  net.connection.ask("how old", null, ({ data }) => { answer = data; });
  await go();
  assert.equal(answer, "\ufffd");
  assert.ok(c.heard.every(([event]) => event === "open"));
}));

test("a token that is refused by the answer alone, and one that cannot be had", () => world(async env => {
  const { server, client, go } = env;
  server.options.token = () => false;
  const refused = client({ token: "bad" });
  await go(60_000);
  assert.equal(refused.state, "closed");
  server.options.token = () => true;
  let tries = 0;
  const c = client({ token: async () => { if (++tries < 3) throw new Error("no network"); return "t"; } });
  await go();
  assert.equal(c.state, "waiting");
  await go(10_000);
  assert.equal(c.state, "open");
  assert.equal(events(c), "error close error close open");
}));

test("an attempt that hangs is given up", () => world(async ({ net, client, go }) => {
  net.stuck = true;
  const c = client();
  let token;
  const slow = client({ token: () => new Promise(resolve => { token = resolve; }) });
  await go(9_999);
  assert.equal(c.state, "connecting");
  await go(1);
  assert.equal(c.state, "waiting");
  assert.equal(slow.state, "waiting");
  net.stuck = false;
  token("late");
  await go(1000);
  assert.equal(c.state, "open");
}));

test("what was missed may take longer than connecting", () => world(async ({ server, client, go }) => {
  const held = [];
  server.options.later = fn => held.push(fn);
  const c = client(), hasty = client({ timeout: 100 });
  await go(9_999);
  assert.equal(hasty.state, "connecting");
  await go(1);
  assert.equal(hasty.state, "waiting");
  hasty.close();
  await go(19_999);
  assert.equal(c.state, "connecting");
  held.splice(0).forEach(fn => fn());
  await go();
  assert.equal(c.state, "open");
  const never = client();
  await go(30_000);
  assert.equal(never.state, "waiting");
}));

test("a WebSocket class that throws is a failed attempt", () => world(async ({ net, client, go }) => {
  let fail = true;
  const c = client({ WebSocket: class {
    constructor(...args) {
      if (fail) throw new Error("refused by the page's policy");
      return new net.WebSocket(...args);
    }
  } });
  await go();
  assert.equal(events(c), "error close");
  fail = false;
  await go(1000);
  assert.equal(c.state, "open");
}));

test("close() ends everything, also while connecting or waiting", () => world(async ({ clock, net, client, go }) => {
  for (const until of [() => {}, () => go(), async () => { await go(); net.socket.cut(); }]) {
    const c = client();
    c.subscribe("room/1");
    await until();
    const asked = codes([c.call("sum", [1]), c.publish("room/1", 1)]);
    await settle();
    c.close();
    c.close();
    assert.deepEqual(await asked, ["closed", "closed"]);
    assert.deepEqual(c.heard.at(-1), ["close", { code: 1000, reason: "", delay: undefined }]);
    await go();
    assert.equal(clock.timers.size, 0);
    c.connect();
    await go();
    assert.equal(c.subscribe("room/1").state, "subscribed", "subscriptions stay");
    c.close();
    await go();
  }
}));

test("a listener may close, connect and throw", () => world(async ({ net, client, go }) => {
  const c = client();
  const uncaught = [];
  const { queueMicrotask } = globalThis;
  globalThis.queueMicrotask = fn => queueMicrotask(() => { try { fn(); } catch (error) { uncaught.push(error.message); } });
  c.on("open", () => { throw new Error("mine"); });
  const off = c.on("open", () => c.close());
  const log = record(c.subscribe("room/1"));
  await go();
  globalThis.queueMicrotask = queueMicrotask;
  assert.deepEqual(uncaught, ["mine"]);
  assert.equal(c.state, "closed");
  assert.deepEqual(log, [], "nothing after close()");
  off();
  c._listeners.get("open").clear();
  c.connect();
  await go();
  assert.deepEqual(log, ["subscribed true"]);
  c.on("close", () => c.connect());
  net.connection.close(1008);
  await go();
  assert.equal(c.state, "open");
  c._listeners.clear();
}));

test("silence is ended by a ping, no answer by a new connection", () => world(async ({ net, server, client, go }) => {
  const c = client({ pingInterval: 20_000 });
  await go();
  const pings = () => server.log.filter(message => message.event === "hybi:ping").length;
  await go(19_999);
  assert.equal(pings(), 0);
  await go(1);
  assert.equal(pings(), 1);
  await go(19_999);
  server.publish("room/1", 1);
  net.connection.send({ event: "anything" });  // is heard, so no ping
  await go(19_999);
  assert.equal(pings(), 1);
  await go(1);
  assert.equal(pings(), 2);
  net.connection.deaf = true;
  await go(20_000);
  assert.equal(pings(), 3);
  await go(9_999);
  assert.equal(c.state, "open");
  await go(1);
  assert.deepEqual(c.heard.at(-1), ["close", { code: 1006, reason: "no answer", delay: 375 }]);
  await go(1000);
  assert.equal(c.state, "open");
}));

test("the browser's online and offline", async () => {
  const target = new EventTarget();
  globalThis.addEventListener = target.addEventListener.bind(target);
  globalThis.removeEventListener = target.removeEventListener.bind(target);
  const tell = name => target.dispatchEvent(new Event(name));
  try {
    await world(async ({ net, server, client, go }) => {
      const c = client({ minDelay: 30_000 });
      await go();
      tell("offline");
      await go();
      assert.equal(server.log.at(-1).event, "hybi:ping");
      await go(2_000);
      assert.equal(c.state, "open", "it was answered");
      net.socket.silent = true;  // the network goes, and nobody is told
      tell("offline");
      await go(1_999);
      assert.equal(c.state, "open");
      await go(1);
      assert.equal(c.state, "waiting");
      tell("online");
      assert.equal(c.state, "connecting", "no waiting");
      await go();
      assert.equal(c.state, "open");
      c.close();
      const before = net.sockets.length;
      tell("online");
      await go(60_000);
      assert.equal(net.sockets.length, before, "closed is closed");
    });
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});

test("what is said in one microtask is one message", () => world(async ({ net, server, client, go }) => {
  const c = client();
  await go();
  const asked = Promise.all([c.call("sum", [1, 2]), c.call("sum", [3]), c.publish("room/1", "x")]);
  assert.equal(c.send("say", "hello"), true);
  await go();
  assert.deepEqual(server.log.slice(1).map(message => [message.event, message.batch]),
                   [["sum", 4], ["sum", 4], ["hybi:publish", 4], ["say", 4]]);
  assert.deepEqual((await asked).slice(0, 2), [3, 3]);
  const one = c.call("echo", { a: [1] });
  await go();
  assert.equal(net.socket.sent.at(-1)[0], "{", "one is no batch");
  assert.deepEqual(await one, { a: [1] });
  const long = ["a", "b", "c"].map(letter => c.call("echo", letter.repeat(40_000)));
  await go();
  assert.equal((await Promise.all(long)).map(text => text[0]).join(""), "abc");
  assert.equal(net.socket.sent.slice(-3).every(text => text.length < 65_536), true, "batches stay small");
  await assert.rejects(c.call("echo", 1n), TypeError);
}));

test("calls: answers, errors, deadlines", () => world(async ({ server, client, go }) => {
  const c = client({ timeout: 3000 });
  await go();
  server.handlers.set("never", () => { throw Object.assign(new Error(), { code: "x" }); });
  server.options.later = fn => { if (server.log.at(-1).event !== "slow") fn(); };
  server.handlers.set("slow", () => 1);
  const failing = c.call("fail").catch(error => error);
  const unknown = c.call("nothing").catch(error => error);
  await go();
  const error = await failing;
  assert.ok(error instanceof HybiError && error instanceof Error);
  assert.deepEqual([error.code, error.message, error.name], ["by_zero", "nothing can be divided by 0", "HybiError"]);
  assert.equal((await unknown).code, "unknown_event");
  const results = [];
  c.call("slow").catch(({ code }) => results.push(code));
  c.call("slow", 1, { timeout: 100 }).catch(({ code }) => results.push(`${code} early`));
  await go(99);
  assert.deepEqual(results, []);
  await go(1);
  assert.deepEqual(results, ["timeout early"]);
  await go(2900);
  assert.deepEqual(results, ["timeout early", "timeout"]);
}));

test("an answer after the deadline, or to nobody, is ignored", () => world(async ({ net, server, client, go }) => {
  const c = client();
  await go();
  const held = [];
  server.options.later = fn => held.push(fn);
  const late = codes([c.call("sum", [1], { timeout: 10 })]);
  await go(10);
  assert.deepEqual(await late, ["timeout"]);
  held.forEach(fn => fn());
  for (const odd of [{ id: 77, data: 1 }, { id: null }, null, 5, "x", {}, [[]], { channel: 5 }, { channel: "room/9", data: 1 }]) {
    net.connection.send(odd);
  }
  net.connection.link.send("no JSON");
  await go();
  assert.equal(c.state, "open");
  assert.equal(c.heard.at(-1)[1].code, "bad_json");
}));

test("what is asked while away is sent in order when it is back", () => world(async ({ net, server, client, go }) => {
  const c = client({ maxQueue: 3 });
  const first = codes([c.publish("room/1", 1), c.call("sum", [2]), c.publish("room/1", 3), c.call("sum", [9])]);
  assert.equal(c.send("more"), false);
  await go();
  const [one, two, three, full] = await first;
  assert.deepEqual([one.offset, two, three.offset, full], [1, 2, 2, "queue_full"]);
  net.socket.cut();
  assert.equal(c.send("say", "later"), true);
  const away = codes([c.publish("room/1", 5), c.history("room/1", { limit: 1 })]);
  await go(1000);
  assert.deepEqual(server.log.slice(-3).map(message => message.event), ["say", "hybi:publish", "hybi:history"]);
  assert.deepEqual((await away)[1].publications.map(p => p.data), [5]);
}));

test("what the WebSocket itself keeps is bounded", () => world(async ({ net, server, client, go }) => {
  const c = client();
  await go();
  net.socket.bufferedAmount = 2 ** 24 + 1;
  assert.equal(c.send("say", 1), false);
  assert.deepEqual(await codes([c.publish("room/1", 1)]), ["queue_full"]);
  net.socket.bufferedAmount = 2 ** 24;
  assert.equal(c.send("say", 2), true);
  await go();
  assert.equal(server.log.at(-1).data, 2);
}));

test("what waits too long is not sent", () => world(async ({ net, server, client, go }) => {
  net.up = false;
  const c = client({ timeout: 1000, maxQueue: 2 });
  const waited = codes([c.publish("room/1", 1), c.call("sum", [])]);
  await go(1000);
  assert.deepEqual(await waited, ["timeout", "timeout"]);
  c.send("old news");
  const patient = c.publish("room/1", 2, { timeout: 60_000 });
  await go(1000);
  net.up = true;
  await go(30_000);
  assert.equal((await patient).offset, 1);
  assert.deepEqual(server.log.slice(0, 3).map(message => message.event), ["hybi:connect", "hybi:publish", "hybi:ping"]);
}));

test("publications cut off are sent again, with their key; calls are not, unless they may", () => world(async env => {
  const { net, server, client, go } = env;
  const c = client();
  await go();
  const answers = [];
  server.options.later = fn => answers.push(fn);  // done, but the answer does not come
  const asked = codes([c.publish("room/1", "a"), c.publish("room/1", "b", { key: "mine" }), c.call("sum", [1]),
                       c.call("sum", [1, 1], { retry: true }), c.presence("room/1"), c.count("room/1")]);
  await go();
  assert.equal(answers.length, 6);
  server.options.later = fn => fn();
  net.socket.cut();
  await go(1000);
  assert.deepEqual(await asked, [
    { epoch: 1001, offset: 1, duplicate: true }, { epoch: 1001, offset: 2, duplicate: true }, "disconnected", 2, [],
    { clients: 0, users: 0 },
  ]);
  const keys = server.log.filter(message => message.event === "hybi:publish").map(message => message.data.key);
  assert.equal(keys[0], keys[2]);
  assert.equal(keys[3], "mine");
  assert.deepEqual(server.stream("room/1").items.map(item => item.data), ["a", "b"]);
}));

test("what was cut off and then waits too long is not sent again", () => world(async ({ net, server, client, go }) => {
  const c = client({ timeout: 5000 });
  await go();
  server.options.later = () => {};
  const asked = codes([c.publish("room/1", 1), ...Array.from({ length: 49 }, () => c.call("sum", [1]))]);
  await go();
  server.options.later = fn => fn();
  net.up = false;
  net.socket.cut();
  await go(5000);
  assert.deepEqual([...new Set(await asked)], ["timeout", "disconnected"]);
  net.up = true;
  await go(60_000);
  assert.equal(server.log.filter(({ event }) => event === "hybi:publish").length, 1);
  const after = Array.from({ length: 50 }, () => c.call("sum", [1]));
  await go();
  assert.equal((await Promise.all(after)).length, 50, "the window is free again");
}));

for (const code of [1007, 1009]) test(`after ${code} what was sent is not sent again`, () => world(async env => {
  const { net, server, client, go } = env;
  const c = client();
  await go();
  server.options.later = () => {};
  const asked = codes([c.publish("room/1", "huge")]);
  await go();
  server.options.later = fn => fn();
  net.connection.close(code, "too big, or no JSON");
  await go();
  const waiting = c.publish("room/1", "small");
  await go(1000);
  assert.deepEqual(await asked, ["disconnected"]);
  assert.equal((await waiting).offset, 2);
}));

test("no more questions in the air than a server allows; answers to its questions pass them", () => world(async env => {
  const { net, server, client, go } = env;
  const c = client();
  await go();
  const held = [];
  server.options.later = fn => held.push(fn);
  const all = Array.from({ length: 120 }, (_, i) => c.call("sum", [i]));
  await go();
  assert.equal(held.length, 50);
  c.handle("how old", () => 42);
  let age;
  net.connection.ask("how old", null, answer => { age = answer.data; });
  await go();
  assert.equal(age, 42);
  held.splice(0, 10).forEach(fn => fn());
  await go();
  assert.equal(held.length, 50);
  server.options.later = fn => fn();
  held.splice(0).forEach(fn => fn());
  await go();
  assert.deepEqual(await Promise.all(all), all.map((_, i) => i));
}));

test("the server's events, errors and questions", () => world(async ({ net, server, client, go }) => {
  const c = client();
  await go();
  const heard = [];
  const off = c.on("news", data => heard.push(data));
  c.on("news", data => heard.push(`also ${data}`));
  c.on("open", () => heard.push("not from the server"));
  net.connection.send({ event: "news", data: 1 });
  net.connection.send({ event: "open", data: 1 });
  net.connection.send({ event: "error", data: { code: "unknown_event", message: "no" } });
  await go();
  off();
  net.connection.send([{ event: "news", data: 2 }, { event: "other" }]);
  await go();
  assert.deepEqual(heard, [1, "also 1", "also 2"]);
  assert.equal(c.heard.at(-1)[1].code, "unknown_event");

  const asks = async (event, data) => {
    let answer;
    net.connection.ask(event, data, got => { answer = got; });
    await go();
    return answer;
  };
  c.handle("how old", async data => data + 40);
  c.handle("nothing", () => {});
  c.handle("own", () => { throw new HybiError("too_young", "not yet"); });
  c.handle("broken", () => { throw new TypeError("secret"); });
  c.handle("odd", () => 1n);
  assert.equal((await asks("how old", 2)).data, 42);
  assert.equal((await asks("nothing")).data, null);
  assert.deepEqual((await asks("own")).error, { code: "too_young", message: "not yet" });
  assert.deepEqual((await asks("broken")).error, { code: "failed", message: "the application failed" });
  assert.equal(c.heard.at(-1)[1].message, "secret", "told here, not there");
  assert.equal((await asks("odd")).error.code, "failed");
  assert.equal((await asks("unheard")).error.code, "unknown_event");

  let answer;
  c.handle("slow", () => new Promise(resolve => { answer = resolve; }));
  await asks("slow");
  net.socket.cut();
  await go(1000);
  answer(1);
  await go();
  assert.deepEqual(server.log.filter(message => message.link === net.connection).map(message => message.event),
                   ["hybi:connect"], "an answer belongs to its connection");
}));

test("a server that fails hybi:connect is tried again later", () => world(async ({ net, client, go }) => {
  const c = client();
  const { prototype } = net.WebSocket;
  const real = prototype.send;
  prototype.send = function () {
    this.onmessage({ data: '{"id": 1, "error": {"code": "unavailable", "message": "engine"}}' });
  };
  await go();
  prototype.send = real;
  assert.equal(events(c), "error close");
  await go(1000);
  assert.equal(c.state, "open");
  assert.deepEqual(sent(net.socket)[0].event, "hybi:connect");
}));
