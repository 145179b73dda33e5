// examples/feed: events and WebSocket say the same, and who comes back gets what it missed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { open, withDeadline, withExample } from "./example.mjs";

// One event stream: next() gives {event, id, data}, or null when it has ended.
async function listen(example, path = "/feed", headers = {}) {
  const gone = new AbortController();
  const answer = await fetch(example.url(path), { headers, signal: gone.signal });
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async () => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end < 0) {
        const { value, done } = await reader.read();
        if (done) return null;
        text += value;
        continue;
      }
      const fields = Object.fromEntries(text.slice(0, end).split("\n").map(line => line.split(/: (.*)/)));
      text = text.slice(end + 2);
      if ("data" in fields) return { event: fields.event, id: fields.id, data: JSON.parse(fields.data) };
      if ("retry" in fields) assert.equal(fields.retry, "500");
    }
  };
  return { next: () => withDeadline(next(), "an event"), leave: () => gone.abort() };
}

const post = (example, text) => fetch(example.url("/feed"), {
  method: "POST", body: JSON.stringify({ text }), headers: { "Content-Type": "application/json" },
});

async function hears(socket) {
  return JSON.parse(await socket.next());
}

test("feed: both ways say the same", () => withExample("feed", async example => {
  const [events, socket] = [await listen(example), await open(example.ws("/feed"))];
  assert.deepEqual(await events.next(), { event: "hello", id: undefined, data: { after: 0, missed: 0 } });
  assert.deepEqual(await hears(socket), { after: 0, missed: 0 });
  for (const [id, text] of [[1, "first"], [2, "two\nlines & <tags>, grüße"]]) {
    assert.equal((await post(example, text)).status, 204);
    assert.deepEqual(await events.next(), { event: undefined, id: String(id), data: { id, text } });
    assert.deepEqual(await hears(socket), { id, text });
  }
  assert.equal((await post(example, 7)).status, 422);
  assert.equal((await fetch(example.url("/feed"), { method: "POST", body: "text" })).status, 415);

  // Who comes later, with what it has: in the field, in the query, an id that cannot be.
  for (const [path, headers, after] of [["/feed", { "Last-Event-ID": "1" }, 1], ["/feed?after=1", {}, 1],
                                        ["/feed?after=0", { "Last-Event-ID": "1" }, 1], ["/feed?after=99", {}, 99],
                                        ["/feed?after=2", {}, 2], ["/feed?after=-5", {}, -5]]) {
    const missed = after === 1 ? [2] : after === 2 ? [] : [1, 2];
    const [late, lateSocket] = [await listen(example, path, headers), await open(example.ws(path), { headers })];
    assert.deepEqual((await late.next()).data, { after, missed: missed.length });
    assert.deepEqual(await hears(lateSocket), { after, missed: missed.length });
    for (const id of missed) {
      assert.equal((await late.next()).data.id, id);
      assert.equal((await hears(lateSocket)).id, id);
    }
    late.leave();
    await lateSocket.leave();
  }
  events.leave();
  await socket.leave();
}, "0"));

test("feed: what is cut off comes back without a gap", () => withExample("feed", async example => {
  const ids = { events: [], socket: [] };
  for (let round = 0; round < 3; ++round) {
    const last = ids.events.at(-1);
    const events = await listen(example, "/feed", last ? { "Last-Event-ID": String(last) } : {});
    const socket = await open(example.ws(`/feed?after=${ids.socket.at(-1) ?? 0}`));
    await events.next();
    await hears(socket);
    for (let i = 0; i < 10; ++i) {
      ids.events.push((await events.next()).data.id);
      ids.socket.push((await hears(socket)).id);
    }
    const closed = once(socket, "close");
    await fetch(example.url("/cut"), { method: "POST" });
    for (let event; (event = await events.next()) !== null;) ids.events.push(event.data.id);
    const [code] = await withDeadline(closed, "is cut off");
    assert.equal(code, 1012);
  }
  for (const [way, got] of Object.entries(ids)) assert.deepEqual(got, got.map((_, i) => i + 1), way);
}, "5"));
