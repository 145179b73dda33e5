// Client frames in every version, right ones and wrong ones, from the items of a case.
import { createHash } from "node:crypto";
import { bytesOf, hexBytes } from "./payload.mjs";
import { isControl, kinds, traitsOf } from "./versions.mjs";

const kFrameKeyGuid = "61AC5F19-FBBA-4540-B96F-6561F1AB40A8";
const sha1 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha1")).digest();

// Hybi-04's connection key: the strings of the two fields as sent.
export function connectionKey(key, nonce) {
  return sha1(key + nonce + kFrameKeyGuid);
}

function xor(bytes, key) {
  for (let i = 0, k = 0; i < bytes.length; ++i) {
    bytes[i] ^= key[k];
    if (++k === key.length) k = 0;
  }
}

function encodeLength(first, second, length, form) {
  const shortest = typeof length !== "number" ? 64 : length < 126 ? 7 : length < 65536 ? 16 : 64;
  const bits = form ?? shortest;
  if (bits === 7) return Buffer.from([first, second | length]);
  const head = Buffer.alloc(bits === 16 ? 4 : 10);
  head[0] = first;
  head[1] = second | (bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(length, 2);
  else if (typeof length === "number") head.writeBigUInt64BE(BigInt(length), 2);
  else hexBytes(length.hex).copy(head, 2);
  return head;
}

// What a close frame's body is: nothing, a code with a reason, or as it stands.
export function closeBody(code, reason, limit) {
  if (typeof code !== "number") return bytesOf(code, limit);
  const body = Buffer.alloc(2);
  body.writeUInt16BE(code);
  return Buffer.concat([body, bytesOf(reason, limit)]);
}

export function kindOf(item) {
  const kind = [...kinds, "opcode"].find(name => name in item);
  if (kind === undefined) throw new Error(`not a frame: ${JSON.stringify(item)}`);
  return kind;
}

export class FrameWriter {
  #key = 0x37fa213d;
  deflater = null;

  // `secret`: hybi-04's connection key. `limit`: the server's message limit, for sizes relative to it.
  constructor(version, { limit, secret } = {}) {
    this.version = version;
    this.traits = traitsOf(version);
    this.limit = limit;
    this.secret = secret;
  }

  // Every frame another key, but the same ones in each run. The first is the one of the RFC's samples.
  #nextKey() {
    const key = Buffer.alloc(4);
    key.writeUInt32BE(this.#key >>> 0);
    this.#key = Math.imul(this.#key, 2654435761) + 1;
    return key;
  }

  // The bytes of one item: a frame, a message in fragments, or raw bytes, perhaps several times.
  bytes(item) {
    const one = () => "hex" in item ? hexBytes(item.hex) : this.traits.sentinel ? this.#sentinel(item) : this.#message(item);
    if (!("times" in item)) return one();
    return Buffer.concat(Array.from({ length: item.times }, one));
  }

  #sentinel(item) {
    if ("close" in item) return Buffer.from([0xff, 0x00]);
    return Buffer.concat([Buffer.from([0x00]), bytesOf(item.text, this.limit), Buffer.from([0xff])]);
  }

  #plain(item, kind) {
    if (kind === "opcode") return bytesOf(item.payload, this.limit);
    if (kind === "close") return closeBody(item.close, item.reason, this.limit);
    return bytesOf(item[kind], this.limit);
  }

  #message(item) {
    const kind = kindOf(item);
    const opcode = kind === "opcode" ? item.opcode : this.traits.opcodes[kind];
    let payload = this.#plain(item, kind);
    let rsv = item.rsv ?? 0;
    if (item.deflate) {
      payload = this.deflater.compress(payload, item.deflate === true ? {} : item.deflate);
      if (!("rsv" in item)) rsv = 4;
    }
    if (!("split" in item)) return this.#frame(item, opcode, item.fin ?? true, rsv, payload);
    const frames = [];
    for (let at = 0; at === 0 || at < payload.length; at += item.split) {
      const last = at + item.split >= payload.length;
      frames.push(this.#frame(item, at ? 0 : opcode, last && (item.fin ?? true), at ? 0 : rsv,
                              payload.subarray(at, at + item.split)));
    }
    return Buffer.concat(frames);
  }

  #frame(item, opcode, fin, rsv, payload) {
    const masked = item.masked ?? true;
    const payloadKeyed = this.traits.mask === "payload" && masked;
    const first = (fin === !this.traits.more ? 0x80 : 0) | rsv << 4 | opcode;
    const second = payloadKeyed || item.rsv4 ? 0x80 : 0;
    const head = encodeLength(first, second, item.length ?? payload.length, item.length_form);
    const body = "only" in item ? payload.subarray(0, item.only) : payload;
    const key = item.mask ? hexBytes(item.mask) : this.#nextKey();
    if (this.traits.mask === "none" || !masked) return Buffer.concat([head, body]);
    if (payloadKeyed) {
      const frame = Buffer.concat([head, key, body]);
      xor(frame.subarray(head.length + 4), key);
      return frame;
    }
    const frame = Buffer.concat([key, head, body]);
    const used = this.traits.mask === "nonce" ? sha1(key, this.secret) : key;
    xor(frame.subarray(4), used);
    return frame;
  }

  // The message that an item is, for a server that echoes it.
  message(item) {
    const kind = kindOf(item);
    if (isControl(kind) || kind === "opcode" || item.fin === false) throw new Error(`not a message: ${JSON.stringify(item)}`);
    return { kind, payload: this.#plain(item, kind) };
  }
}
