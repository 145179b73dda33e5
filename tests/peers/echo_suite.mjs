// What every client library is asked to do with the demo's echo, whatever its API looks like. Clients come as
// `open(url, options)`, which gives {inbox, sendText, sendBinary, close, closed, drop} once the handshake is done,
// and, where the library can: sendPieces, ping. `closed` resolves to what the library reports.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { forEachBackend, until, withDeadline } from "./demo.mjs";

export const kDeadline = 60_000;
export const kSizes = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20];
export const kPings = ["", "x", "y".repeat(125)];
export const kUnicode = ["", "ascii", "grüße", "世界", "𐍈🙂", "\u0000\u0001\u007f\u0080", "\uffff\u{10ffff}",
                         "\ufeffbom"];

// Waits until so many messages are there; an end before that fails at once.
export async function received(client, count) {
  let end = null;
  client.closed.then(report => { end = { report }; });
  await until(() => client.inbox.length >= count || end, `${count} messages`, kDeadline);
  assert.ok(client.inbox.length >= count,
            `closed after ${client.inbox.length} of ${count} messages: ${JSON.stringify(end)}`);
}

// Every length of UTF-8 sequence, cut so that it is `size` bytes long.
export function textOf(size) {
  const pattern = "aé世𐍈";  // 1 + 2 + 3 + 4 bytes
  return pattern.repeat(Math.floor(size / 10)) + "x".repeat(size % 10);
}

export async function echoes(client, messages) {
  const before = client.inbox.length;
  for (const message of messages) {
    if (typeof message === "string") client.sendText(message);
    else client.sendBinary(message);
  }
  await received(client, before + messages.length);
  const got = client.inbox.slice(before);
  messages.forEach((message, i) => {
    assert.equal(typeof got[i], typeof message, `message ${i} keeps its kind`);
    assert.ok(typeof message === "string" ? got[i] === message : message.equals(got[i]),
              `message ${i}, ${message.length} long, comes back: ${got[i].length} long`);
  });
}

// A test whose client is closed whatever happens, so that the demo can end.
function echoTest(name, flags, open, body) {
  forEachBackend(test, name, flags, async demo => {
    const client = await withDeadline(open(demo.ws("/echo?from=test"), { headers: { Cookie: "a=b; c=d" } }),
                                      kDeadline, "opens");
    try {
      await body(client, demo);
    } finally {
      client.drop();
    }
  });
}

// `abilities`: binary (yes unless false), pieces (can it cut messages?), ping (payloads it can send); closing, the
// codes to try and what the library then reports; goodbye, what it reports when the server goes away.
export function testEcho(peer, flags, open, abilities) {
  const check = (name, body) => echoTest(`${peer}: ${name}`, flags, open, body);

  check("text of every size comes back", client => echoes(client, kSizes.map(textOf)));

  check("every kind of character comes back", client => echoes(client, kUnicode));

  if (abilities.binary !== false) {
    check("bytes of every size come back", client => echoes(client, kSizes.map(size => randomBytes(size))));
  }

  check("2000 messages in flight come back in order", client =>
    echoes(client, Array.from({ length: 2000 }, (_, i) => i % 3 && abilities.binary !== false
      ? Buffer.from(`message ${i}`) : `message ${i} ${"ü".repeat(i % 150)}`)));

  if (abilities.pieces) {
    check("a message in pieces comes back whole, also when a character is cut", async client => {
      const bytes = Buffer.from("a€𐍈z");
      client.sendPieces([...bytes].map(byte => Buffer.from([byte])), false);
      await received(client, 1);
      assert.equal(client.inbox[0], "a€𐍈z");
      client.sendPieces(Array.from({ length: 200 }, (_, i) => Buffer.from([i])), true);
      await received(client, 2);
      assert.deepEqual(client.inbox[1], Buffer.from(Array.from({ length: 200 }, (_, i) => i)));
    });
  }

  if (abilities.ping) {
    check("pings are answered with their payload", async client => {
      for (const payload of abilities.ping) {
        assert.equal(await withDeadline(client.ping(payload), kDeadline, "a pong"), payload);
      }
      await echoes(client, ["still open"]);
    });
  }

  for (const { code, reason, wanted } of abilities.closing) {
    check(`closing with ${code ?? "nothing"} ends it`, async client => {
      await echoes(client, ["hello"]);
      client.close(code, reason);
      assert.deepEqual(await withDeadline(client.closed, kDeadline, "closes"), wanted);
    });
  }

  check("a server that goes says so", async (client, demo) => {
    await echoes(client, ["hello"]);
    demo.signal("SIGTERM");
    assert.deepEqual(await withDeadline(client.closed, kDeadline, "closes"), abilities.goodbye);
  });
}
