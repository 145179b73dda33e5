// Reads what a server sends and lets nothing pass that the version forbids it. Binary framing: d1 to 13.
// Gives events: {kind: text | binary | ping | pong | close, payload, compressed}.
import { isUtf8 } from "node:buffer";
import { shown } from "./payload.mjs";
import { isControl, mayBeSent, nameOf, traitsOf } from "./versions.mjs";
import { Violation } from "./violation.mjs";

const kMostPayload = 64 * 1024 * 1024;

export class FrameReader {
  events = [];
  #pending = Buffer.alloc(0);  // of a header
  #frame = null;               // {name, fin, compressed, left, parts}
  #message = null;             // {kind, compressed, parts}
  #closed = false;

  // `inflater`: of the negotiated extension. `perFrame`: RSV1 is of a frame, not of a message.
  constructor(version, { inflater = null, perFrame = false } = {}) {
    this.version = version;
    this.traits = traitsOf(version);
    this.inflater = inflater;
    this.perFrame = perFrame;
  }

  // Whether everything that came so far was whole frames and whole messages.
  get atRest() {
    return this.#pending.length === 0 && !this.#frame && !this.#message;
  }

  push(bytes) {
    if (this.#closed && bytes.length) throw new Violation(`bytes after the close frame: ${shown(bytes)}`, "RFC 6455 5.5.1");
    while (bytes.length || this.#frame?.left === 0) {
      if (!this.#frame) {
        const known = this.#pending.length;
        const all = known ? Buffer.concat([this.#pending, bytes.subarray(0, 10)]) : bytes;
        const size = this.#readHeader(all);
        if (size === 0) {
          this.#pending = Buffer.from(all);
          return;
        }
        bytes = bytes.subarray(size - known);
        this.#pending = Buffer.alloc(0);
      }
      const part = bytes.subarray(0, this.#frame.left);
      if (part.length) this.#frame.parts.push(part);
      this.#frame.left -= part.length;
      bytes = bytes.subarray(part.length);
      if (this.#frame.left === 0) {
        const frame = this.#frame;
        this.#frame = null;
        this.#finish(frame, Buffer.concat(frame.parts));
        if (this.#closed && bytes.length) throw new Violation(`bytes after the close frame: ${shown(bytes)}`, "RFC 6455 5.5.1");
      }
    }
  }

  // Returns: its size, or 0 if it is not complete.
  #readHeader(bytes) {
    if (bytes.length < 2) return 0;
    const short = bytes[1] & 0x7f;
    const size = short === 126 ? 4 : short === 127 ? 10 : 2;
    const name = nameOf(bytes[0] & 0x0f, this.traits.opcodes);
    const fin = (bytes[0] & 0x80) !== 0 === !this.traits.more;
    const rsv = bytes[0] >> 4 & 7;
    if (!name) throw new Violation(`a frame with the reserved opcode ${bytes[0] & 0x0f}`, "RFC 6455 5.2");
    if (bytes[1] & 0x80) throw new Violation("a masked frame, or RSV4, from the server", "RFC 6455 5.1");
    const control = isControl(name);
    const compressed = rsv === 4 && this.inflater !== null && !control && (name !== "continuation" || this.perFrame);
    if (rsv && !compressed) throw new Violation(`reserved bits ${rsv} in a ${name} frame`, "RFC 6455 5.2");
    if (control && !fin) throw new Violation(`a fragmented ${name} frame`, "RFC 6455 5.5");
    if (control && short > 125) throw new Violation(`a ${name} frame of more than 125 bytes`, "RFC 6455 5.5");
    if (!control && (name === "continuation") !== (this.#message !== null)) {
      throw new Violation(`a ${name} frame ${this.#message ? "inside a message" : "that continues nothing"}`, "RFC 6455 5.4");
    }
    if (bytes.length < size) return 0;
    const length = size === 2 ? short : size === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    const least = size === 2 ? 0 : size === 4 ? 126 : 65536;
    if (length < least) throw new Violation(`length ${length} in ${size - 2} bytes: not the shortest form`, "RFC 6455 5.2");
    if (length > kMostPayload) throw new Violation(`a frame of ${length} bytes`);
    this.#frame = { name, fin, compressed, left: length, parts: [] };
    return size;
  }

  #finish({ name, fin, compressed }, payload) {
    if (isControl(name)) {
      if (name === "close") this.#checkClose(payload);
      this.events.push({ kind: name, payload });
      return;
    }
    if (name !== "continuation") this.#message = { kind: name, compressed, parts: [] };
    this.#message.parts.push(compressed && this.perFrame ? this.#inflate(payload) : payload);
    if (!fin) return;
    const { kind, compressed: whole, parts } = this.#message;
    this.#message = null;
    let message = Buffer.concat(parts);
    if (whole && !this.perFrame) message = this.#inflate(message);
    if (kind === "text" && !isUtf8(message)) throw new Violation(`text that is not UTF-8, ${shown(message)}`, "RFC 6455 8.1");
    this.events.push({ kind, payload: message, compressed: whole });
  }

  #inflate(payload) {
    try {
      return this.inflater.expand(payload, kMostPayload);
    } catch (error) {
      throw new Violation(`compressed data that cannot be read: ${error.message}, ${shown(payload)}`, "RFC 7692 7.2.2");
    }
  }

  #checkClose(body) {
    this.#closed = true;
    if (!this.traits.codes || body.length === 0) return;
    if (body.length === 1) throw new Violation("a close frame with a body of 1 byte", "RFC 6455 5.5.1");
    const code = body.readUInt16BE(0);
    if (!mayBeSent(code, this.version)) throw new Violation(`a close frame with code ${code}`, "RFC 6455 7.4");
    if (!isUtf8(body.subarray(2))) throw new Violation("a close reason that is not UTF-8", "RFC 6455 5.5.1");
  }
}
