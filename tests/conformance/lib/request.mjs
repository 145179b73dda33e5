// The opening request of each version: the right one, and the changes a case makes to it.
import { createHash } from "node:crypto";
import { hexBytes } from "./payload.mjs";
import { traitsOf } from "./versions.mjs";

const kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// The samples of RFC 6455 1.3 and of the hixie-76 text.
const kKey = "dGhlIHNhbXBsZSBub25jZQ==";
const kChallenge = { key1: "4 @1  46546xW%0l 1 5", key2: "12998 5 Y3 1  .P00", key3: "5e6e3a64735b3455" };

export function acceptOf(key) {
  return createHash("sha1").update(key + kGuid).digest("base64");
}

function keyNumber(key) {
  return Number(BigInt(key.replace(/[^0-9]/g, "")) / BigInt(key.replace(/[^ ]/g, "").length));
}

// The 16 bytes that answer Key1, Key2 and the 8 bytes behind the head.
export function proofOf(key1, key2, key3) {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(keyNumber(key1), 0);
  numbers.writeUInt32BE(keyNumber(key2), 4);
  return createHash("md5").update(numbers).update(key3).digest();
}

export class Request {
  // `spec`: a case's "open" or "request". `place`: {authority, path}.
  constructor(spec, place) {
    this.version = spec.version ?? 13;
    this.traits = traitsOf(this.version);
    this.spec = spec;
    this.place = place;
    this.origin = `http://${place.authority}`;
    this.challenge = { ...kChallenge, ...spec.challenge };
    this.key = spec.key ?? kKey;
    this.fields = this.#standardFields();
    const protocol = this.version === 75 ? "WebSocket-Protocol" : "Sec-WebSocket-Protocol";
    if (spec.protocols !== undefined) this.fields.push([protocol, spec.protocols]);
    for (const line of [spec.extensions ?? []].flat()) this.fields.push(["Sec-WebSocket-Extensions", line]);
    this.#edit();
  }

  get isHixie() {
    return this.version < 4 || this.traits.sentinel === true;
  }

  get hasChallenge() {
    return this.isHixie && this.version !== 75;
  }

  #standardFields() {
    const host = ["Host", this.place.authority];
    if (this.isHixie) {
      const fields = [["Upgrade", "WebSocket"], ["Connection", "Upgrade"], host, ["Origin", this.origin]];
      if (this.version < 4) fields.push(["Sec-WebSocket-Draft", String(this.version)]);
      if (this.hasChallenge) fields.push(["Sec-WebSocket-Key1", this.challenge.key1], ["Sec-WebSocket-Key2", this.challenge.key2]);
      return fields;
    }
    return [host, ["Upgrade", "websocket"], ["Connection", "Upgrade"], ["Sec-WebSocket-Key", this.key],
            [this.version === 13 ? "Origin" : "Sec-WebSocket-Origin", this.origin], ["Sec-WebSocket-Version", String(this.version)]];
  }

  // remove: names; set: the value of a field that is there; add: more lines, behind the others.
  #edit() {
    const { remove = [], set = {}, add = [] } = this.spec;
    const is = name => ([field]) => field.toLowerCase() === name.toLowerCase();
    for (const name of remove) this.fields = this.fields.filter(field => !is(name)(field));
    for (const [name, value] of Object.entries(set)) {
      const found = this.fields.find(is(name));
      if (!found) throw new Error(`no field ${name} to set`);
      found[1] = value;
    }
    this.fields.push(...add.map(field => [...field]));
    if (this.spec.reverse) this.fields.reverse();
    if (this.spec.lower_case) for (const field of this.fields) field[0] = field[0].toLowerCase();
    for (const field of this.fields) field[1] = this.fill(field[1]);
  }

  // {host} and {origin} in a text.
  fill(text) {
    return text.replaceAll("{host}", this.place.authority).replaceAll("{origin}", this.origin).replaceAll("{path}", this.place.path);
  }

  field(name) {
    return this.fields.find(([field]) => field.toLowerCase() === name.toLowerCase())?.[1];
  }

  // All lines of a field as one list.
  list(name) {
    const lines = this.fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
    return lines.length ? lines.join(", ") : undefined;
  }

  get key3() {
    return this.hasChallenge ? hexBytes(this.spec.body ?? this.challenge.key3) : hexBytes(this.spec.body ?? "");
  }

  get bytes() {
    const { method = "GET", target = this.place.path, http = "HTTP/1.1" } = this.spec;
    const lines = [`${method} ${this.fill(target)} ${http}`, ...this.fields.map(([name, value]) => `${name}: ${value}`), "", ""];
    return Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), this.key3]);
  }
}
