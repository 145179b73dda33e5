// UTF-8 checked byte by byte: says no at the first byte that cannot be right. RFC 3629 4.
export class Utf8 {
  #left = 0;      // bytes of the character still to come
  #low = 0x80;    // bounds of the next one
  #high = 0xbf;

  constructor(lenient = {}) {
    this.lenient = lenient;  // {surrogates, overlong}: faults
  }

  // Whether all of it can be the next part of a text.
  push(bytes) {
    for (const byte of bytes) if (!this.#take(byte)) return false;
    return true;
  }

  get isWhole() {
    return this.#left === 0;
  }

  #take(byte) {
    if (this.#left) {
      if (byte < this.#low || byte > this.#high) return false;
      [this.#left, this.#low, this.#high] = [this.#left - 1, 0x80, 0xbf];
      return true;
    }
    if (byte < 0x80) return true;
    const first = this.lenient.overlong ? 0xc0 : 0xc2;
    if (byte < first || byte > 0xf4) return false;
    this.#left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte === 0xe0 && !this.lenient.overlong) this.#low = 0xa0;
    if (byte === 0xed && !this.lenient.surrogates) this.#high = 0x9f;
    if (byte === 0xf0 && !this.lenient.overlong) this.#low = 0x90;
    if (byte === 0xf4) this.#high = 0x8f;
    return true;
  }
}
