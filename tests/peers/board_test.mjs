// The board's channels without a browser: who stops reading for a while hears, when it goes on, where each of the others
// is now, not where all of them have been meanwhile.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { Hybi } from "../../js/hybi.js";
import { kPatience } from "../waiting.mjs";
import { forEachBackend, until } from "./demo.mjs";

const kWriters = 5;
const kRound = 400;       // places of each, then it waits until they are taken
const kLeftOut = 10_000;  // at least

class PlainSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { perMessageDeflate: false });
  }
}

// A test that failed would wait for them for ever.
const opened = [];
after(() => opened.forEach(hybi => hybi.close()));

function open(demo, name) {
  const hybi = new Hybi(demo.ws("/board"), {
    WebSocket: PlainSocket, token: JSON.stringify({ name }), timeout: kPatience, pingInterval: kPatience });
  opened.push(hybi);
  hybi.connect();
  return hybi;
}

const dropped = async demo => (await (await fetch(`http://127.0.0.1:${demo.port}/live`)).json()).total.messages_dropped;

forEachBackend(test, "who stops reading over cursors gets the latest of each, in order", ["--threads", "2"], async demo => {
  const reader = open(demo, "reader");
  const places = new Map();  // by publisher: the numbers of those that came
  let gaps = 0, closed = 0;
  const cursors = reader.subscribe("board/cursors");
  cursors.on("message", ({ data, publisher }) => {
    if (!places.has(publisher)) places.set(publisher, []);
    places.get(publisher).push(data[2]);
  });
  cursors.on("gap", () => ++gaps);
  reader.on("close", () => ++closed);
  const writers = Array.from({ length: kWriters }, (_, i) => open(demo, `writer ${i}`));
  await until(() => cursors.state === "subscribed" && writers.every(writer => writer.state === "open"), "all are there");
  let sent = 0;  // by each
  const move = async count => {
    for (const end = sent + count; sent < end;) {
      ++sent;
      for (const writer of writers) {
        writer.send("hybi:publish", { channel: "board/cursors", data: [sent % 1500, sent % 1000, sent, 1, 4] });
      }
    }
    await Promise.all(writers.map(writer => writer.call("hybi:ping")));
  };
  const upToDate = () => writers.every(({ id }) => places.get(id)?.at(-1) === sent);

  await move(10);
  await until(upToDate, "the reader hears them");
  const before = await dropped(demo);
  reader._socket.pause();
  while (await dropped(demo) - before < kLeftOut) {
    await move(kRound);
    assert.ok(sent < 1_000_000, "what nobody takes is left out");
  }
  reader._socket.resume();
  await until(upToDate, "the latest of each");
  const all = [...places.values()];
  for (const numbers of all) {
    assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]), "in order, none twice");
  }
  const came = all.reduce((sum, numbers) => sum + numbers.length, 0);
  assert.equal(sent * kWriters - came, await dropped(demo) - before, "only what was superseded is missing");

  // And goes on without one missing.
  await move(10);
  await until(upToDate, "the reader hears them again");
  for (const numbers of all) assert.deepEqual(numbers.slice(-10), Array.from({ length: 10 }, (_, i) => sent - 9 + i));
  assert.deepEqual([gaps, closed], [0, 0]);
  for (const each of [reader, ...writers]) each.close();
});
