// The reference server's side of hixie-75 and -76 framing.
const kMostGroups = 9;

export class SentinelSession {
  #bytes = Buffer.alloc(0);
  #text = null;    // parts of a 00..FF frame
  #dropping = 0;   // bytes of a length frame still to come
  #skipping = false;  // inside 01..7F
  #size = 0;

  // `wire`: {write(bytes), end()}; `settings`: {version, limit, has}
  constructor(settings, wire) {
    Object.assign(this, settings);
    this.wire = wire;
    this.over = false;
  }

  push(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (!this.over && this.#bytes.length) {
      const took = this.#step(this.#bytes);
      if (took === 0) return;
      this.#bytes = this.#bytes.subarray(took);
    }
  }

  #step(bytes) {
    if (this.#dropping) {
      const took = Math.min(this.#dropping, bytes.length);
      this.#dropping -= took;
      return took;
    }
    if (this.#text || this.#skipping) return this.#untilEnd(bytes);
    if (bytes[0] < 0x80) {
      if (bytes[0] === 0x00) this.#text = [];
      else this.#skipping = true;
      this.#size = 0;
      return 1;
    }
    return this.#length(bytes);
  }

  #untilEnd(bytes) {
    const end = bytes.indexOf(0xff);
    const part = bytes.subarray(0, end < 0 ? bytes.length : end);
    this.#size += part.length;
    if (this.#size > this.limit && !this.has("ignores-the-limit")) return this.#fail();
    this.#text?.push(part);
    if (end < 0) return part.length;
    if (this.#text) this.#echo(Buffer.concat(this.#text));
    else if (this.has("delivers-unknown-frames")) this.#echo(part);
    this.#text = null;
    this.#skipping = false;
    return end + 1;
  }

  #length(bytes) {
    let length = 0, at = 1;
    for (;; ++at) {
      if (at > kMostGroups) return this.#fail();
      if (at === bytes.length) return 0;
      length = length * 128 + (bytes[at] & 0x7f);
      if (bytes[at] < 0x80) break;
    }
    if (bytes[0] === 0xff && length === 0 && this.version === 76) return this.#close();
    if (bytes[0] === 0xff && length === 0 && this.has("closes-75-at-ff-00")) return this.#fail();
    if (this.has("delivers-length-frames")) this.#echo(bytes.subarray(at + 1, at + 1 + length));
    this.#dropping = length;
    return at + 1;
  }

  #close() {
    if (!this.has("no-close-answer")) this.wire.write(Buffer.from([0xff, 0x00]));
    this.over = !this.has("echoes-after-close");
    if (this.over) this.wire.end();
    return 2;
  }

  #fail() {
    if (this.version === 76) this.wire.write(Buffer.from([0xff, 0x00]));
    this.over = true;
    this.wire.end();
    return 0;
  }

  #echo(payload) {
    if (this.has("silent")) return;
    const text = this.has("no-utf8-check") ? payload : Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload));
    this.wire.write(Buffer.concat([Buffer.from([0x00]), text, Buffer.from([this.has("forgets-the-end-byte") ? 0xfe : 0xff])]));
  }
}
