// Reads what a server of hixie-75 or -76 sends: 00 text FF, and FF 00 as the close of 76. Nothing else.
import { isUtf8 } from "node:buffer";
import { shown } from "./payload.mjs";
import { Violation } from "./violation.mjs";

export class SentinelReader {
  events = [];
  #bytes = Buffer.alloc(0);
  #parts = null;  // of a text that is not complete
  #closed = false;

  constructor(version) {
    this.version = version;
  }

  get atRest() {
    return this.#bytes.length === 0 && this.#parts === null;
  }

  push(bytes) {
    let rest = this.#bytes.length ? Buffer.concat([this.#bytes, bytes]) : bytes;
    while (rest.length) {
      if (this.#closed) throw new Violation(`bytes after the close frame: ${shown(rest)}`, "hixie-76");
      const took = this.#parts ? this.#text(rest) : this.#start(rest);
      if (took === 0) break;
      rest = rest.subarray(took);
    }
    this.#bytes = Buffer.from(rest);
  }

  #text(bytes) {
    const end = bytes.indexOf(0xff);
    this.#parts.push(bytes.subarray(0, end < 0 ? bytes.length : end));
    if (end < 0) return bytes.length;
    const payload = Buffer.concat(this.#parts);
    this.#parts = null;
    if (!isUtf8(payload)) throw new Violation(`text that is not UTF-8, ${shown(payload)}`, "hixie-76");
    this.events.push({ kind: "text", payload });
    return end + 1;
  }

  #start(bytes) {
    if (bytes[0] === 0x00) {
      this.#parts = [];
      return 1;
    }
    if (this.version !== 76 || bytes[0] !== 0xff) throw new Violation(`a frame of type ${shown(bytes.subarray(0, 1))}`, "hixie-75");
    if (bytes.length < 2) return 0;
    if (bytes[1] !== 0x00) throw new Violation("an FF frame that is not empty", "hixie-76");
    this.#closed = true;
    this.events.push({ kind: "close", payload: Buffer.alloc(0) });
    return 2;
  }
}
