// Raw DEFLATE with a context that lives over messages, from zlib's one-shot functions: the last bytes of
// what went before are the dictionary. RFC 7692 7.2.
import zlib from "node:zlib";

const kTail = Buffer.from([0x00, 0x00, 0xff, 0xff]);

// A last stored block that is put behind what is inflated: if these bytes do not come out at the end, the
// message ended inside a block.
const kMark = Buffer.from("mark");
const kMarkBlock = Buffer.concat([Buffer.from([0x01, 0x04, 0x00, 0xfb, 0xff]), kMark]);
const kStrategies = { default: zlib.constants.Z_DEFAULT_STRATEGY, fixed: zlib.constants.Z_FIXED,
                      huffman: zlib.constants.Z_HUFFMAN_ONLY };

// zlib keeps a raw window of 9 bits at least, and with 9 never refers further back than 250 bytes: that
// does for 8 as well.
const zlibBits = bits => Math.max(bits, 9);

function withHistory(history, bytes, bits) {
  const most = 1 << bits;
  if (bytes.length >= most) return bytes.subarray(bytes.length - most);
  const all = Buffer.concat([history, bytes]);
  return all.subarray(Math.max(0, all.length - most));
}

export class Deflater {
  #history = Buffer.alloc(0);

  // `bits`: the largest window that was agreed. `takeover`: whether a message may refer to earlier ones.
  constructor(bits, takeover) {
    this.bits = bits;
    this.takeover = takeover;
  }

  // `how` is a case's "deflate": level, strategy, window_bits, blocks, final, fresh, more_tail.
  compress(plain, how = {}) {
    const bits = how.window_bits ?? this.bits;
    let history = how.fresh || !(how.takeover ?? this.takeover) ? Buffer.alloc(0) : this.#history;
    const pieces = [];
    const add = (bytes, final) => {
      const options = { windowBits: zlibBits(bits), level: how.level ?? 6,
                        strategy: kStrategies[how.strategy ?? "default"],
                        finishFlush: final ? zlib.constants.Z_FINISH : zlib.constants.Z_SYNC_FLUSH };
      if (history.length) options.dictionary = history;
      pieces.push(zlib.deflateRawSync(bytes, options));
      history = withHistory(history, bytes, bits);
    };
    if (how.final === "middle") {
      const half = plain.length >> 1;
      add(plain.subarray(0, half), true);
      add(plain.subarray(half), false);
    } else if (how.final) {
      add(plain, true);
    } else {
      const step = how.blocks ?? Math.max(plain.length, 1);
      for (let at = 0; at === 0 || at < plain.length; at += step) add(plain.subarray(at, at + step), false);
    }
    this.#history = history;
    const wire = Buffer.concat(pieces);
    // A last block stays whole: one byte of an empty stored block follows it. RFC 7692 7.2.3.4
    if (how.final && how.final !== "middle") return Buffer.concat([wire, Buffer.from([0])]);
    if (how.more_tail) return Buffer.concat([wire, Buffer.from([0])]);
    return wire.subarray(0, wire.length - kTail.length);
  }
}

function inflateRaw(bytes, options) {
  try {
    return zlib.inflateRawSync(bytes, options);
  } catch (error) {
    throw error.code === "ERR_BUFFER_TOO_LARGE" ? new TooLarge(error.message) : error;
  }
}

export class TooLarge extends Error {}

export class Inflater {
  #history = Buffer.alloc(0);

  constructor(bits, takeover) {
    this.bits = bits;
    this.takeover = takeover;
  }

  // Throws when the data is bad, refers further back than the window, or is larger than `most`.
  expand(wire, most) {
    let rest = Buffer.concat([wire, kTail, kMarkBlock]);
    let history = this.takeover ? this.#history : Buffer.alloc(0);
    const pieces = [];
    let size = 0;
    while (rest.length) {
      const options = { windowBits: this.bits, info: true, finishFlush: zlib.constants.Z_SYNC_FLUSH,
                        maxOutputLength: most + kMark.length,
                        // zlib notices references beyond the window only where the output so far is not at
                        // hand: it is handed little at a time.
                        chunkSize: this.bits < 15 ? 64 : 64 * 1024 };
      if (history.length) options.dictionary = history;
      const { buffer, engine } = inflateRaw(rest, options);
      pieces.push(buffer);
      size += buffer.length;
      if (size > most + kMark.length) throw new TooLarge(`inflates to more than ${most} bytes`);
      history = withHistory(history, buffer, this.bits);
      if (engine.bytesWritten === 0) throw new Error("DEFLATE data that leads nowhere");
      rest = rest.subarray(engine.bytesWritten);  // more only behind a last block
    }
    const plain = Buffer.concat(pieces, size);
    if (!plain.subarray(-kMark.length).equals(kMark)) throw new Error("the message ends inside a block");
    const message = plain.subarray(0, -kMark.length);
    this.#history = withHistory(this.takeover ? this.#history : Buffer.alloc(0), message, this.bits);
    return message;
  }
}
