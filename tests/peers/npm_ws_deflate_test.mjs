// ws 8 with permessage-deflate against both ways the demo compresses: `shared` keeps nothing between messages,
// `dedicated` a window for each connection and direction. Every parameter a client can offer.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { Demo, forEachBackend, withDeadline } from "./demo.mjs";
import { echoes, kDeadline, kSizes, kUnicode, received, textOf } from "./echo_suite.mjs";

const kModes = ["shared", "dedicated"];
const kBits = [8, 9, 10, 11, 12, 13, 14, 15];

// A connection that compresses everything; `agreed` is what the server answered: {} of its parameters, or null.
async function open(demo, offer) {
  const socket = new WebSocket(demo.ws("/echo"), { perMessageDeflate: offer && { threshold: 0, ...offer },
                                                   maxPayload: 1 << 25 });
  const client = { socket, inbox: [], agreed: null };
  socket.on("error", () => {});
  socket.on("upgrade", answer => { client.agreed = parse(answer.headers["sec-websocket-extensions"]); });
  socket.on("message", (data, binary) => client.inbox.push(binary ? data : data.toString()));
  client.closed = once(socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
  client.sendText = client.sendBinary = data => socket.send(data);
  await withDeadline(Promise.race([once(socket, "open"), client.closed.then(({ reason }) => {
    throw new Error(`closed instead of opened: ${reason}`);
  })]), kDeadline, "opens");
  return client;
}

function parse(answer) {
  if (answer === undefined) return null;
  const [name, ...parameters] = answer.split(";").map(part => part.trim());
  assert.equal(name, "permessage-deflate");
  const agreed = {};
  for (const parameter of parameters) {
    const [key, value] = parameter.split("=");
    assert.ok(!(key in agreed), `${key} once`);
    agreed[key] = value === undefined ? true : Number(value);
  }
  return agreed;
}

// RFC 7692 7.1: what an answer to this offer may and must say.
function assertAnswers(offer, agreed, mode) {
  const what = `${JSON.stringify(offer)} is answered ${JSON.stringify(agreed)}`;
  assert.ok(agreed, what);
  if (offer.serverNoContextTakeover) assert.ok(agreed.server_no_context_takeover, what);
  if (offer.serverMaxWindowBits) assert.ok(agreed.server_max_window_bits <= offer.serverMaxWindowBits, what);
  for (const bits of ["server_max_window_bits", "client_max_window_bits"]) {
    if (bits in agreed) assert.ok(kBits.includes(agreed[bits]), what);
  }
  if (offer.clientMaxWindowBits && agreed.client_max_window_bits) {
    assert.ok(agreed.client_max_window_bits <= (offer.clientMaxWindowBits === true ? 15 : offer.clientMaxWindowBits), what);
  }
  if (mode === "shared") {
    assert.deepEqual([agreed.server_no_context_takeover, agreed.client_no_context_takeover], [true, true], what);
  } else if (!offer.serverNoContextTakeover) {
    assert.ok(!agreed.server_no_context_takeover, what);
  }
}

// How many bytes the echo of `message` took on the wire.
async function cost(client, message) {
  const before = client.socket._socket.bytesRead;
  await echoes(client, [message]);
  return client.socket._socket.bytesRead - before;
}

const kText = Array.from({ length: 40 }, (_, i) => `{"name":"sensor ${i}","value":${i * 37 % 101},"unit":"°C"}`).join("\n");

async function talk(client, agreed) {
  assert.ok(await cost(client, kText) < Buffer.byteLength(kText) / 2, "text is compressed");
  await echoes(client, kUnicode);
  await echoes(client, kSizes.slice(0, -1).flatMap(size => [textOf(size), randomBytes(size)]));
  // What differs from the one before by a little: each refers to it, where that is allowed.
  await echoes(client, Array.from({ length: 300 }, (_, i) => kText.slice(i % 50, 200 + i * 3) + i));
  if (!agreed.server_no_context_takeover && (agreed.server_max_window_bits ?? 15) >= 11) {
    const noise = randomBytes(1000);
    await cost(client, noise);
    assert.ok(await cost(client, noise) < 100, "the second copy refers to the first");
  } else if (agreed.server_no_context_takeover) {
    const noise = randomBytes(1000);
    await cost(client, noise);
    assert.ok(await cost(client, noise) >= 1000, "the second copy knows nothing of the first");
  }
}

const kOffers = [
  {},
  { serverNoContextTakeover: true },
  { clientNoContextTakeover: true },
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
  { clientMaxWindowBits: true },
  { zlibDeflateOptions: { level: 0 } },  // stored blocks
  { zlibDeflateOptions: { level: 1, memLevel: 1 } },
  { zlibDeflateOptions: { strategy: 4 } },  // fixed codes only
  ...kBits.map(bits => ({ serverMaxWindowBits: bits })),
  ...kBits.map(bits => ({ clientMaxWindowBits: bits })),
  { serverMaxWindowBits: 9, clientMaxWindowBits: 9, serverNoContextTakeover: true, clientNoContextTakeover: true },
];

for (const mode of kModes) {
  forEachBackend(test, `${mode}: every offer is answered and works`, ["--compression", mode], async demo => {
    for (const offer of kOffers) {
      const client = await open(demo, offer);
      assertAnswers(offer, client.agreed, mode);
      try {
        await talk(client, client.agreed);
      } catch (error) {
        throw new Error(`${JSON.stringify(offer)}, agreed ${JSON.stringify(client.agreed)}`, { cause: error });
      }
      client.socket.close(1000, "done");
      assert.equal((await withDeadline(client.closed, kDeadline, "closes")).code, 1000);
    }
  });

  forEachBackend(test, `${mode}: compressed fragments, pings between them`, ["--compression", mode], async demo => {
    const client = await open(demo, {});
    let pongs = 0;
    client.socket.on("pong", () => { ++pongs; });
    const bytes = Buffer.from(kText);
    for (let round = 0; round < 20; ++round) {
      for (let at = 0; at < bytes.length; at += 7 * round + 1) {
        const end = at + 7 * round + 1;
        client.socket.send(bytes.subarray(at, end), { fin: end >= bytes.length, binary: false });
      }
      client.socket.ping(`after ${round}`);
    }
    await received(client, 20);
    assert.deepEqual(client.inbox, Array(20).fill(kText));
    await echoes(client, ["still open"]);
    assert.equal(pongs, 20);
    client.socket.terminate();
  });

  forEachBackend(test, `${mode}: 50 connections at once, messages of the same kind`, ["--compression", mode], async demo => {
    const clients = await Promise.all(Array.from({ length: 50 }, (_, i) =>
      open(demo, i % 2 ? { serverNoContextTakeover: true } : { clientNoContextTakeover: true })));
    await Promise.all(clients.map((client, i) =>
      echoes(client, Array.from({ length: 100 }, (_, turn) => `${kText.slice(0, 10 * turn)} client ${i}`))));
    for (const client of clients) client.socket.terminate();
  });

  forEachBackend(test, `${mode}: 16 MiB come back`, ["--compression", mode], async demo => {
    const client = await open(demo, {});
    const text = Buffer.from(kText);
    // Noise grows a little when it is compressed.
    await echoes(client, [Buffer.alloc(16 << 20, text), randomBytes(15 << 20), Buffer.alloc(16 << 20)]);
    client.socket.terminate();
  });

  forEachBackend(test, `${mode}: what inflates beyond --max-message is 1009`,
                 ["--compression", mode, "--max-message", "100000"], async demo => {
    const client = await open(demo, {});
    await echoes(client, [Buffer.alloc(100_000)]);
    client.socket.send(Buffer.alloc(100_001));
    assert.equal((await withDeadline(client.closed, kDeadline, "closes")).code, 1009);
    const bomb = await open(demo, {});
    bomb.socket.send(Buffer.alloc(1 << 25));  // 32 KiB on the wire
    assert.equal((await withDeadline(bomb.closed, kDeadline, "closes")).code, 1009);
  });

  forEachBackend(test, `${mode}: what is not DEFLATE is 1007`, ["--compression", mode], async demo => {
    const client = await open(demo, {});
    client.socket._socket.write(Buffer.from("c18400000000" + "07ffffff", "hex"));  // a block of the reserved type
    assert.equal((await withDeadline(client.closed, kDeadline, "closes")).code, 1007);
  });
}

forEachBackend(test, "off: no offer is accepted, the echo works", ["--compression", "off"], async demo => {
  const client = await open(demo, {});
  assert.equal(client.agreed, null);
  await echoes(client, [kText, randomBytes(1000)]);
  client.socket.terminate();
});

test("shared is what the demo does unless told otherwise, where it is offered", async () => {
  const demo = await Demo.start("--shutdown-timeout", "2");
  try {
    const client = await open(demo, {});
    assertAnswers({}, client.agreed, "shared");
    client.socket.terminate();
    const plain = await open(demo, false);
    assert.equal(plain.agreed, null);
    plain.socket.terminate();
  } finally {
    await demo.stop();
  }
});
