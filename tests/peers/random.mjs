// A seeded generator: cases that are many and yet the same in every run.
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // Mulberry32: 32 bits a step.
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(limit) {
    return Math.floor(this.next() / 2 ** 32 * limit);
  }

  between(low, high) {
    return low + this.below(high - low + 1);
  }

  oneIn(count) {
    return this.below(count) === 0;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  shuffle(list) {
    for (let i = list.length - 1; i > 0; --i) {
      const j = this.below(i + 1);
      [list[i], list[j]] = [list[j], list[i]];
    }
    return list;
  }

  bytes(size, low = 0, high = 255) {
    return Buffer.from(Array.from({ length: size }, () => this.between(low, high)));
  }

  // Scalar values of every UTF-8 length.
  text(size) {
    const ranges = [[0x00, 0x7f], [0x80, 0x7ff], [0x800, 0xd7ff], [0xe000, 0xffff], [0x10000, 0x10ffff]];
    let text = "";
    for (let i = 0; i < size; ++i) text += String.fromCodePoint(this.between(...this.pick(ranges)));
    return text;
  }

  // Cuts bytes into pieces of any size, the empty one excepted.
  cut(bytes, most = 8) {
    const at = new Set(Array.from({ length: this.below(most) }, () => this.between(1, Math.max(1, bytes.length - 1))));
    const edges = [0, ...[...at].filter(edge => edge < bytes.length).sort((a, b) => a - b), bytes.length];
    return edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
  }
}
