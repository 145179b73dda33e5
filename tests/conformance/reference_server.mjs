// A small echo server for every version, to test the suite itself: right, or with faults. See reference/.
import { createHash } from "node:crypto";
import net from "node:net";
import { Handshake } from "./reference/handshake.mjs";
import { SentinelSession } from "./reference/sentinel.mjs";
import { Session } from "./reference/session.mjs";
import { kAllVersions } from "./lib/versions.mjs";

const kKey3Bytes = 8;
const kMostHead = 16 * 1024;

class Peer {
  #bytes = Buffer.alloc(0);
  #opened = null;
  #session = null;

  constructor(socket, server) {
    this.socket = socket;
    this.server = server;
    socket.on("data", bytes => this.#take(bytes));
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
  }

  #take(bytes) {
    if (this.#session) return this.#session.push(bytes);
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (!this.#opened && !this.#readHead()) return;
    const { challenge } = this.#opened;
    if (challenge) {
      if (this.#bytes.length < kKey3Bytes) return;
      this.#prove(challenge);
    }
    this.#session = this.#makeSession();
    const rest = this.#bytes;
    this.#bytes = null;
    if (rest.length) this.#session.push(rest);
  }

  // Whether frames may follow.
  #readHead() {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#bytes.length > kMostHead) this.socket.destroy();
      return false;
    }
    const opened = new Handshake(this.server).answer(this.#bytes.toString("latin1", 0, end + 4));
    this.#bytes = this.#bytes.subarray(end + 4);
    if (opened.version === undefined) {
      this.socket.end(opened.head);
      return false;
    }
    if (!(opened.challenge && this.server.has("head-waits-for-key3"))) this.socket.write(opened.head);
    this.#opened = opened;
    return true;
  }

  #prove(challenge) {
    const { has } = this.server;
    if (has("head-waits-for-key3")) this.socket.write(this.#opened.head);
    const key3 = this.#bytes.subarray(0, kKey3Bytes);
    this.#bytes = this.#bytes.subarray(kKey3Bytes);
    const proof = createHash("md5").update(challenge).update(key3).digest();
    this.socket.write(has("wrong-md5") ? proof.reverse() : proof);
  }

  #makeSession() {
    const { version, secret, extension } = this.#opened;
    const settings = { version, secret, extension, limit: this.server.max_message, has: this.server.has };
    const wire = { write: bytes => this.socket.write(bytes), end: () => this.socket.end() };
    return version >= 75 ? new SentinelSession(settings, wire) : new Session(settings, wire);
  }
}

// `faults`: names of what is done wrong. Returns: {description, stop}; the description is what the runner is told.
export async function startReference({ faults = [], versions = kAllVersions, compression = true, max_message = 65536 } = {}) {
  const has = fault => faults.includes(fault);
  const settings = { path: "/echo", versions, compression, max_message, has };
  const sockets = new Set();
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    new Peer(socket, settings);
  });
  await new Promise(resolve => listener.listen(0, "127.0.0.1", resolve));
  const description = { host: "127.0.0.1", port: listener.address().port, path: "/echo", versions, compression,
                        no_compression: !compression, deflate_frame: compression, window_8: compression, max_message, limit: true };
  return { description, stop: () => {
    for (const socket of sockets) socket.destroy();
    return new Promise(resolve => listener.close(resolve));
  } };
}
