// The server side of websocket-driver (npm), which has spoken versions 75 and 76 since their day, as an oracle: it and
// the demo get the same bytes, generated from a seed, and must answer with the same bytes. Left out is what it
// gets wrong: it delivers frames of type 01..7F, refuses a key whose number is 0, and after an FF frame of any
// length takes the next empty frame for a close.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import driver from "websocket-driver";
import { forEachBackend, withDeadline } from "./demo.mjs";
import { kDeadline } from "./echo_suite.mjs";
import { hixieAnswer, hixieRequest } from "./hixie.mjs";
import { Random } from "./random.mjs";

const kAtOnce = 16;

// What websocket-driver answers when an application echoes.
function oracleAnswer(pieces) {
  const server = driver.server({ allowDrafts: true });
  const answer = [];
  server.io.on("data", bytes => answer.push(Buffer.from(bytes)));
  server.on("connect", () => server.start());
  server.on("message", event => server.text(event.data));
  for (const piece of pieces) server.parse(piece);
  return Buffer.concat(answer);
}

// What the demo answers, until it is as long as `wanted` or the demo ends the connection; then this end is closed,
// and whatever more there is counts too.
async function demoAnswer(port, pieces, wanted) {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const answer = [];
  let length = 0;
  let finished;
  const enough = new Promise(resolve => { finished = resolve; });
  socket.on("error", finished);
  socket.on("end", finished);
  socket.on("data", bytes => {
    answer.push(bytes);
    length += bytes.length;
    if (length >= wanted) finished();
  });
  const closed = once(socket, "close").catch(() => {});
  for (const piece of pieces) {
    await new Promise(resolve => socket.write(piece, resolve));
    await new Promise(resolve => setImmediate(resolve));  // its own segment, most likely
  }
  await withDeadline(enough, kDeadline, `${wanted} bytes, or the end`);
  socket.end();
  await withDeadline(closed, kDeadline, "the connection ends");
  return Buffer.concat(answer);
}

// The first three lines in order, as browsers compared them; the others in any order; all that follows.
function parts(answer) {
  const end = answer.indexOf("\r\n\r\n");
  const lines = answer.toString("latin1", 0, end).split("\r\n");
  return { first: lines.slice(0, 3), fields: lines.slice(3).sort(), rest: answer.subarray(end + 4).toString("hex") };
}

async function compare(demo, cases) {
  const waiting = cases.entries();
  const work = async () => {
    for (const [i, pieces] of waiting) {
      const wanted = oracleAnswer(pieces);
      const got = await demoAnswer(demo.port, pieces, wanted.length);
      assert.deepEqual(parts(got), parts(wanted), `case ${i}: ${Buffer.concat(pieces).toString("latin1").slice(0, 2000)}`);
    }
  };
  await Promise.all(Array.from({ length: kAtOnce }, work));
}

// A key as clients made it: digits of number * spaces among other characters, spaces not at the ends.
function makeKey(random, number, spaces, noise = random.between(1, 12)) {
  const characters = [...String(number * spaces)];
  const insert = (character, from, to) => characters.splice(random.between(from, to), 0, character);
  for (let i = 0; i < noise; ++i) {
    const code = random.between(0x21, 0x7e - 10);
    insert(String.fromCharCode(code < 0x30 ? code : code + 10), 0, characters.length);
  }
  if (characters.length < 2) characters.push("x");
  for (let i = 0; i < spaces; ++i) insert(" ", 1, characters.length - 1);
  return characters.join("");
}

function makeRequest(random, version, keys = {}) {
  const number = () => random.between(1, 0xffffffff);
  return hixieRequest({
    version,
    target: random.pick(["/echo", "/echo?", "/echo?a=b&c=%20d", "/echo?x=ws://y/"]),
    host: random.pick(["example.com", "example.com:8080", "127.0.0.1:3400", "[::1]:81"]),
    origin: random.pick(["http://example.com", "https://a.example:444", "null", "file://", "127.0.0.1:8080", "random123"]),
    key1: makeKey(random, number(), random.between(1, 12)),
    key2: makeKey(random, number(), random.between(1, 12)),
    key3: random.bytes(8),
    fields: random.oneIn(2) ? ["Cookie: a=b; c=d"] : [],
    lower: random.oneIn(4),
    shuffle: version === 76 && random.oneIn(2) ? random : null,
    ...keys,
  });
}

const text = string => Buffer.concat([Buffer.of(0x00), Buffer.from(string), Buffer.of(0xff)]);

// A frame that says how long it is: dropped.
function counted(type, bytes, zeros = 0) {
  const groups = [bytes.length & 0x7f];
  for (let rest = bytes.length >> 7; rest > 0; rest >>= 7) groups.unshift(0x80 | (rest & 0x7f));
  return Buffer.concat([Buffer.of(type, ...Array(zeros).fill(0x80), ...groups), bytes]);
}

function makeFrames(random, version) {
  const frames = [];
  for (let i = random.below(8); i > 0; --i) {
    if (random.oneIn(5)) {
      const type = version === 76 ? random.between(0x80, 0xfe) : random.between(0x80, 0xff);
      frames.push(counted(type, random.bytes(random.pick([0, 1, 127, 128, 300, 16_384])), random.below(3)));
    } else {
      frames.push(text(random.text(random.pick([0, 1, 5, 40, 125, 126, 1000]))));
    }
  }
  // Whatever follows the close is not looked at.
  if (version === 76 && !random.oneIn(4)) frames.push(Buffer.of(0xff, 0x00), random.oneIn(3) ? text("late") : Buffer.of());
  return Buffer.concat(frames);
}

for (const version of [75, 76]) {
  forEachBackend(test, `version ${version}: 500 sessions, cut anywhere`, ["--legacy"], async demo => {
    const random = new Random(version);
    await compare(demo, Array.from({ length: 500 }, () =>
      random.cut(Buffer.concat([makeRequest(random, version), makeFrames(random, version)]))));
  });

  forEachBackend(test, `version ${version}: 300 messages that are not UTF-8`, ["--legacy"], async demo => {
    const random = new Random(version + 100);
    await compare(demo, Array.from({ length: 300 }, () => {
      const pieces = Array.from({ length: random.between(1, 5) }, () => random.oneIn(2)
        ? random.bytes(random.between(1, 6), 0x80, 0xfe) : Buffer.from(random.text(1)).subarray(0, random.between(1, 4)));
      return [makeRequest(random, version), Buffer.concat([Buffer.of(0), ...pieces, Buffer.of(0xff)])];
    }));
  });

  forEachBackend(test, `version ${version}: a mebibyte of text`, ["--legacy"], async demo => {
    const random = new Random(version);
    await compare(demo, [[makeRequest(random, version), text("世𐍈é.".repeat((1 << 20) / 10)), text("after")]]);
  });
}

// The head of the answer comes before key3 does; only then is key3 sent, in two pieces, cut at each place.
forEachBackend(test, "version 76: key3 in every split, behind the answer's head", ["--legacy"], async demo => {
  const random = new Random(3);
  await Promise.all(Array.from({ length: 27 }, async (_, i) => {
    const cut = i % 9;
    const bytes = Buffer.concat([makeRequest(random, 76), text(`split ${cut}`), Buffer.of(0xff, 0x00)]);
    const body = bytes.indexOf("\r\n\r\n") + 4;
    const socket = net.connect({ port: demo.port, host: "127.0.0.1", noDelay: true });
    let got = Buffer.alloc(0);
    socket.on("data", piece => { got = Buffer.concat([got, piece]); });
    const closed = once(socket, "close");
    socket.write(bytes.subarray(0, body));
    while (!got.includes("\r\n\r\n")) await withDeadline(once(socket, "data"), kDeadline, "the head of the answer");
    assert.ok(got.subarray(-4).equals(Buffer.from("\r\n\r\n")), "nothing is said before key3");
    for (const piece of [bytes.subarray(body, body + cut), bytes.subarray(body + cut)]) {
      await new Promise(resolve => socket.write(piece, resolve));
      await new Promise(resolve => setImmediate(resolve));
    }
    await withDeadline(closed, kDeadline, "closes");
    assert.deepEqual(parts(got), parts(oracleAnswer([bytes])));
  }));
});

forEachBackend(test, "version 76: the largest and the smallest numbers", ["--legacy"], async demo => {
  const random = new Random(4);
  const numbers = [1, 2, 9, 10, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
  const cases = [];
  for (const number of numbers) {
    for (const spaces of [1, 2, 7, 12, 300]) {
      const key3 = random.bytes(8);
      const pieces = [makeRequest(random, 76, { key1: makeKey(random, number, spaces),
                                                key2: makeKey(random, 0xffffffff, 12, 40), key3 })];
      assert.deepEqual(parts(oracleAnswer(pieces)).rest, hixieAnswer(number, 0xffffffff, key3).toString("hex"));
      cases.push(pieces);
    }
  }
  await compare(demo, cases);
});

forEachBackend(test, "version 76: keys that no client makes are refused", ["--legacy"], async demo => {
  const random = new Random(5);
  const bad = ["12345", "no digits here", "1 2 3", "7 0 1", "x", " ", "4294967296 x", "9 9999999998x",
               "8589934592 x y", "1 0 0 0 0 0 0 0 1"];
  await Promise.all(bad.flatMap(key => ["key1", "key2"].map(async name => {
    const pieces = [makeRequest(random, 76, { [name]: key })];
    const wanted = oracleAnswer(pieces).toString("latin1", 0, 12);
    assert.equal(wanted, "HTTP/1.1 400", key);
    const got = await demoAnswer(demo.port, pieces, wanted.length);
    assert.equal(got.toString("latin1", 0, 12), wanted, key);
  })));
});
