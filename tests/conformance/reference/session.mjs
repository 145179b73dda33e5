// The reference server's WebSocket, d1 to 13: messages, control frames, closing. It echoes.
import { isUtf8 } from "node:buffer";
import { Deflater, Inflater, TooLarge } from "../lib/deflate.mjs";
import { Frames, ProtocolError, encodeFrame } from "./frames.mjs";
import { Utf8 } from "./utf8.mjs";

const kHuge = 1 << 30;

// The nearest code that the version has.
const kInsteadOf = { 6: { 1007: 1003, 1009: 1004 }, 7: { 1007: 1003, 1009: 1004 }, 8: { 1009: 1004 } };

export class Session {
  over = false;
  #message = null;   // {kind, parts, compressed}
  #utf8 = null;
  #control = [];     // parts of a control frame
  #latePongs = [];

  // `settings`: {version, limit, has, secret, extension}; `wire`: {write(bytes), end()}
  constructor(settings, wire) {
    Object.assign(this, settings);
    this.wire = wire;
    this.frames = new Frames(settings, this);
    this.lenient = { surrogates: this.has("accepts-surrogates"), overlong: this.has("accepts-overlong-characters") };
    if (!this.extension) return;
    const { client, server } = this.extension;
    this.inflater = new Inflater(client.bits, client.takeover && !this.has("forgets-the-client's-context"));
    this.deflater = new Deflater(server.bits, server.takeover);
  }

  get isCompressed() {
    return this.#message?.compressed ?? false;
  }

  push(bytes) {
    if (this.over) return;
    try {
      this.frames.push(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(error.code);
    }
  }

  #isControl({ kind }) {
    return kind === "close" || kind === "ping" || kind === "pong";
  }

  onPart(frame, part) {
    if (this.#isControl(frame)) {
      this.#control.push(part);
      return;
    }
    if (frame.kind !== "continuation" && !frame.begun) {
      frame.begun = true;
      this.#message = { kind: frame.kind, parts: [], compressed: frame.compressed && !this.extension.perFrame };
      this.#utf8 = this.version >= 8 && frame.kind === "text" ? new Utf8(this.lenient) : null;
    }
    const fast = this.#utf8 && !this.isCompressed && !frame.compressed && !this.has("no-utf8-check") && !this.has("checks-utf8-at-the-end");
    if (fast && !this.#utf8.push(part)) throw new ProtocolError(1007);
    if (frame.compressed && this.extension.perFrame) frame.parts = [...frame.parts ?? [], part];
    else this.#message.parts.push(part);
  }

  onFrame(frame) {
    if (this.#isControl(frame)) return this.#onControl(frame.kind, Buffer.concat(this.#control.splice(0)));
    if (frame.parts) {
      const plain = this.#inflate(Buffer.concat(frame.parts));
      if (this.#utf8 && !this.#utf8.push(plain)) throw new ProtocolError(1007);
      this.#message.parts.push(plain);
    }
    if (this.has("checks-utf8-per-fragment") && this.#utf8 && !this.#utf8.isWhole) throw new ProtocolError(1007);
    if (frame.fin) this.#finish();
  }

  #finish() {
    const { kind, parts, compressed } = this.#message;
    let payload = Buffer.concat(parts);
    if (compressed) {
      payload = this.#inflate(payload);
      if (this.#utf8 && !this.has("no-utf8-check-of-compressed-text") && !this.#utf8.push(payload)) throw new ProtocolError(1007);
    }
    this.#message = null;
    if (this.has("notices-the-limit-late") && payload.length > this.limit) throw new ProtocolError(1009);
    if (this.#utf8 && this.has("checks-utf8-at-the-end") && !isUtf8(payload)) throw new ProtocolError(1007);
    if (this.#utf8 && !this.#utf8.isWhole && !this.has("accepts-text-that-ends-inside-a-character")) throw new ProtocolError(1007);
    if (kind === "text" && !this.#utf8) payload = this.#repaired(payload);
    this.#echo(kind, payload);
    for (const pong of this.#latePongs.splice(0)) this.#send("pong", pong);
  }

  // Before 8, what is not UTF-8 is replaced. RFC 6455 has it fail.
  #repaired(payload) {
    if (this.has("fails-bad-utf8-in-old-versions") && !isUtf8(payload)) throw new ProtocolError(1007);
    return Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload));
  }

  #inflate(wire) {
    if (this.has("does-not-go-on-after-bfinal") && (wire[0] & 1)) throw new ProtocolError(1007);
    try {
      return this.inflater.expand(wire, this.has("inflates-beyond-the-limit") ? kHuge : this.limit);
    } catch (error) {
      if (error instanceof TooLarge) throw new ProtocolError(1009);
      throw new ProtocolError(this.has("bad-deflate-data-is-1002") ? 1002 : 1007);
    }
  }

  #echo(kind, payload) {
    if (this.has("silent") || (this.has("drops-empty-messages") && payload.length === 0)) return;
    if (this.has("echoes-text-as-binary")) kind = "binary";
    if (this.has("changes-a-byte") && payload.length) payload = Buffer.concat([payload.subarray(0, -1), Buffer.from([payload.at(-1) ^ 1])]);
    const compress = this.deflater && !this.has("compresses-nothing");
    const wire = compress ? this.deflater.compress(payload) : payload;
    this.#send(kind, wire, compress && !this.has("forgets-rsv1") ? 4 : 0);
  }

  #send(kind, payload, rsv = 0) {
    this.wire.write(encodeFrame(this.version, kind, payload, { rsv, has: this.has }));
  }

  #onControl(kind, payload) {
    if (this.has("silent")) return;
    if (kind === "close") return this.#onClose(payload);
    if (kind === "pong") {
      if (this.has("fails-unsolicited-pongs")) throw new ProtocolError(1002);
      return;
    }
    if (this.has("answers-no-pings")) return;
    if (this.has("wrong-pong")) payload = Buffer.from(payload).reverse();
    if (this.has("pong-without-payload")) payload = Buffer.alloc(0);
    if (this.has("answers-pings-behind-the-message") && this.#message) this.#latePongs.push(payload);
    else this.#send("pong", payload);
  }

  #onClose(body) {
    const answer = this.version < 6 ? this.#oldAnswer(body) : this.#checkedClose(body);
    if (!this.has("no-close-answer")) this.#send("close", answer);
    this.over = !this.has("echoes-after-close");
    if (this.over && !this.has("never-ends-tcp")) this.wire.end();
  }

  // The body comes back; in 5 behind our own letter.
  #oldAnswer(body) {
    if (this.has("forgets-the-close-body")) return Buffer.alloc(0);
    return this.version === 5 && !this.has("forgets-the-close-mark") ? Buffer.concat([Buffer.from("S"), body.subarray(1)]) : body;
  }

  #checkedClose(body) {
    if (body.length === 0) return body;
    if (body.length === 1) {
      if (this.has("accepts-a-close-body-of-one-byte")) return Buffer.alloc(0);
      throw new ProtocolError(1002);
    }
    const code = body.readUInt16BE(0);
    if (!this.#isCode(code) && !this.has("accepts-bad-close-codes")) throw new ProtocolError(1002);
    if (this.version === 13 && !isUtf8(body.subarray(2)) && !this.has("accepts-bad-close-reasons")) throw new ProtocolError(1007);
    if (this.has("answers-every-close-with-1000")) return Buffer.from([0x03, 0xe8]);
    return this.has("accepts-bad-close-codes") && !this.#isCode(code) ? Buffer.from([0x03, 0xe8]) : body.subarray(0, 2);
  }

  #isCode(code) {
    if (code >= 3000 && code <= 4999) return !this.has("refuses-private-close-codes");
    if (this.version < 8) return true;
    if (this.version === 8) return code >= 1000 && code < 3000 && ![1005, 1006, 1015].includes(code);
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  }

  #fail(code) {
    this.over = true;
    if (this.has("closes-1000-on-errors")) code = 1000;
    if (!this.has("ends-tcp-without-a-close")) this.#send("close", this.#failBody(code));
    if (!this.has("never-ends-tcp")) this.wire.end();
  }

  #failBody(code) {
    if (this.version < 5) return Buffer.alloc(0);
    if (this.version === 5) return Buffer.from("S");
    const body = Buffer.alloc(2);
    body.writeUInt16BE(this.has("new-codes-in-old-versions") ? code : kInsteadOf[this.version]?.[code] ?? code);
    return body;
  }
}
