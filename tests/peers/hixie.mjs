// The handshakes of versions 75 and 76 as their clients wrote them, for peers whose own code begins after them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";

// The bytes of a request. Version 76 needs key1, key2 (strings) and key3 (8 bytes), and mixed its fields on purpose;
// some clients wrote their names in lower case.
export function hixieRequest({ version, target = "/echo", host = "example.com", origin = "http://example.com",
                               key1, key2, key3, fields = [], lower = false, shuffle = null }) {
  let lines = ["Upgrade: WebSocket", "Connection: Upgrade", `Host: ${host}`, `Origin: ${origin}`];
  if (version === 76) lines.push(`Sec-WebSocket-Key1: ${key1}`, `Sec-WebSocket-Key2: ${key2}`);
  lines.push(...fields);
  if (shuffle) shuffle.shuffle(lines);
  if (lower) lines = lines.map(line => line.replace(/^[^:]+/, name => name.toLowerCase()));
  const head = Buffer.from(`GET ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return version === 76 ? Buffer.concat([head, key3]) : head;
}

// The answer to the numbers of two keys: 16 bytes.
export function hixieAnswer(number1, number2, key3) {
  const challenge = Buffer.alloc(16);
  challenge.writeUInt32BE(number1, 0);
  challenge.writeUInt32BE(number2, 4);
  key3.copy(challenge, 8);
  return createHash("md5").update(challenge).digest();
}

// Opens a connection to the demo; gives its socket and what came behind the handshake.
export async function hixieOpen(port, version, options = {}) {
  const key3 = Buffer.from("^n:ds[4U");
  const socket = net.connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(hixieRequest({ version, host: `127.0.0.1:${port}`, key1: "4 @1  46546xW%0l 1 5",
                              key2: "12998 5 Y3 1  .P00", key3, ...options }));
  let got = Buffer.alloc(0);
  for (;;) {
    const end = got.indexOf("\r\n\r\n");
    const body = end + 4 + (version === 76 ? 16 : 0);
    if (end >= 0 && got.length >= body) {
      const head = got.toString("latin1", 0, end);
      assert.match(head, /^HTTP\/1\.1 101 Web ?Socket Protocol Handshake\r\n/);
      if (version === 76) {
        assert.deepEqual(got.subarray(end + 4, body), hixieAnswer(829309203, 259970620, key3));
      }
      return { socket, head, rest: got.subarray(body) };
    }
    const [piece] = await once(socket, "data");
    got = Buffer.concat([got, piece]);
  }
}
