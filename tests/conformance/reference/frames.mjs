// The reference server's reading of frames, d1 to 13: headers, masks, order. Hands over frames in parts, as
// they arrive: onPart(frame, bytes) and onFrame(frame).
import { createHash } from "node:crypto";

const kOld = ["continuation", "close", "ping", "pong", "text", "binary"];
const kNew = ["continuation", "text", "binary", , , , , , "close", "ping", "pong"];

export class ProtocolError extends Error {
  constructor(code) {
    super(`fails with ${code}`);
    this.code = code;
  }
}

const isControl = kind => kind === "close" || kind === "ping" || kind === "pong";

export class Frames {
  #pending = Buffer.alloc(0);
  #frame = null;
  #inMessage = false;

  // `settings`: {version, limit, has, secret, extension}
  constructor(settings, handler) {
    Object.assign(this, settings);
    this.handler = handler;
    this.names = this.version < 7 ? kOld : kNew;
    this.whole = this.version >= 4 && this.version <= 6;  // header and payload are masked together
    this.messageSize = 0;
  }

  push(bytes) {
    while (!this.handler.over) {
      if (!this.#frame) {
        if (bytes.length === 0) return;
        const known = this.#pending.length;
        const all = Buffer.concat([this.#pending, bytes.subarray(0, 14)]);
        const size = this.#header(all);
        if (size === 0) {
          this.#pending = all;
          return;
        }
        this.#pending = Buffer.alloc(0);
        bytes = bytes.subarray(size - known);
      }
      const frame = this.#frame;
      const part = Buffer.from(bytes.subarray(0, frame.left));
      bytes = bytes.subarray(part.length);
      this.#unmask(part, frame);
      frame.left -= part.length;
      this.handler.onPart(frame, part);
      if (frame.left) return;
      this.#frame = null;
      this.handler.onFrame(frame);
    }
  }

  #unmask(part, frame) {
    if (!frame.key) return;
    // The system may join what was sent apart: this fault has reads of three bytes at most.
    const restarts = this.has("mask-begins-anew-with-each-read");
    for (let i = 0; i < part.length; ++i) {
      if (restarts && i % 3 === 0) frame.at = frame.first;
      part[i] ^= frame.key[frame.at++ % frame.key.length];
    }
  }

  // The key stream of 4, 5, 6 begins with the header.
  #wholeKey(nonce) {
    if (this.version !== 4) return nonce;
    return createHash("sha1").update(nonce).update(this.has("masks-with-the-connection-key") ? Buffer.alloc(0) : this.secret).digest();
  }

  // Returns: its size, 0 if more is needed.
  #header(bytes) {
    const clear = this.whole ? 4 : 0;
    if (bytes.length < clear + 2) return 0;
    const key = this.whole ? this.#wholeKey(bytes.subarray(0, 4)) : null;
    const head = Buffer.from(bytes.subarray(clear));
    if (key) for (let i = 0; i < head.length; ++i) head[i] ^= key[i % key.length];
    const top = (head[1] & 0x80) !== 0;
    const fin = (head[0] & 0x80) !== 0 === (this.version >= 4 || this.has("reads-more-as-fin"));
    const frame = { fin, kind: this.names[head[0] & 0x0f], rsv: head[0] >> 4 & 7, masked: this.version >= 7 && top, size: 0 };
    this.#checkFirst(frame, head[0] & 0x0f, top);
    const short = head[1] & 0x7f;
    const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    this.#checkControl(frame, short);
    if (head.length < size) return 0;
    const length = short === 126 ? BigInt(head.readUInt16BE(2)) : short === 127 ? head.readBigUInt64BE(2) : BigInt(short);
    this.#checkLength(frame, length, size);
    const total = clear + size + (frame.masked ? 4 : 0);
    if (bytes.length < total) return 0;
    frame.key = key ?? (frame.masked ? Buffer.from(head.subarray(size, size + 4)) : null);
    frame.at = frame.first = key ? size : 0;
    frame.left = frame.size = Number(length);
    this.#frame = frame;
    return total;
  }

  #checkFirst(frame, opcode, top) {
    if (frame.kind === undefined) {
      if (!this.has("accepts-reserved-opcodes")) throw new ProtocolError(1002);
      frame.kind = "pong";  // dropped
    }
    if (this.version < 7 && top && !this.has("accepts-reserved-bits")) throw new ProtocolError(1002);
    if (this.version >= 7 && !frame.masked && !this.has("accepts-unmasked-frames")) throw new ProtocolError(1002);
    const mayCompress = this.extension && !isControl(frame.kind) && (frame.kind !== "continuation" || this.extension.perFrame);
    frame.compressed = frame.rsv === 4 && mayCompress;
    if (frame.rsv && !frame.compressed && !this.#tolerates(frame)) throw new ProtocolError(1002);
    if (isControl(frame.kind)) return;
    if ((frame.kind === "continuation") === this.#inMessage) {
      this.#inMessage = !frame.fin;
      return;
    }
    if (!this.has(this.#inMessage ? "accepts-a-message-inside-a-message" : "accepts-a-continuation-of-nothing")) throw new ProtocolError(1002);
    if (frame.kind === "continuation") frame.kind = "text";
    this.#inMessage = !frame.fin;
  }

  #tolerates({ kind, rsv }) {
    if (this.has("accepts-reserved-bits")) return true;
    if (rsv !== 4 || !this.extension) return false;
    return this.has(kind === "continuation" ? "accepts-rsv1-in-continuations" : "accepts-rsv1-in-control-frames");
  }

  #checkControl(frame, short) {
    if (!isControl(frame.kind)) return;
    if (!frame.fin && !this.has("accepts-fragmented-control-frames")) throw new ProtocolError(1002);
    if (short > 125 && !this.has("accepts-long-control-frames")) throw new ProtocolError(1002);
  }

  #checkLength(frame, length, size) {
    if (length >> 63n) throw new ProtocolError(1002);
    const least = size === 2 ? 0n : size === 4 ? 126n : 65536n;
    if (this.version === 13 && length < least && !this.has("accepts-longer-lengths-than-needed")) throw new ProtocolError(1002);
    if (isControl(frame.kind)) return;
    if (frame.kind !== "continuation") this.messageSize = 0;
    const late = this.has("ignores-the-limit") || this.has("notices-the-limit-late");
    this.messageSize += Number(length);
    const compressed = frame.compressed || this.handler.isCompressed;
    if (this.messageSize > this.limit * (compressed ? 2 : 1) && !late) throw new ProtocolError(1009);
  }
}

export function encodeFrame(version, kind, payload, { rsv = 0, has = () => false } = {}) {
  const names = version < 7 ? kOld : kNew;
  const last = version >= 4 ? 0x80 : 0;
  const long = has("sends-longer-lengths-than-needed");
  const form = payload.length < 126 && !long ? 0 : payload.length < 65536 ? 2 : 8;
  const head = Buffer.alloc(2 + form);
  head[0] = last | rsv << 4 | names.indexOf(kind);
  if (has("sends-reserved-bits")) head[0] |= 0x10;
  head[1] = form === 0 ? payload.length : form === 2 ? 126 : 127;
  if (form === 2) head.writeUInt16BE(payload.length, 2);
  if (form === 8) head.writeBigUInt64BE(BigInt(payload.length), 2);
  if (!has("masks-its-frames")) return Buffer.concat([head, payload]);
  head[1] |= 0x80;
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}
