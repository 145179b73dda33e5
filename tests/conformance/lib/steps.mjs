// Carries out the steps of one case.
import { Head, checkAnswered, checkOpened } from "./answer.mjs";
import { Deflater, Inflater } from "./deflate.mjs";
import { FrameReader } from "./frame_reader.mjs";
import { FrameWriter, closeBody, connectionKey, kindOf } from "./frame_writer.mjs";
import { bytesOf, hexBytes, shown } from "./payload.mjs";
import { Request } from "./request.mjs";
import { SentinelReader } from "./sentinel_reader.mjs";
import { Violation } from "./violation.mjs";

export const kVerbs = ["open", "request", "answer", "bytes", "send", "expect", "echo", "fail", "end", "half_close"];

export function verbOf(step) {
  const verbs = Object.keys(step).filter(key => kVerbs.includes(key));
  if (verbs.length !== 1) throw new Error(`not one verb: ${JSON.stringify(step)}`);
  return verbs[0];
}

// What ends a connection that is still open: proof that nothing else was on its way, then goodbye.
const kFarewell = {
  75: [{ echo: { text: "the end" } }, { half_close: true }, { end: true }],
  76: [{ echo: { text: "the end" } }, { send: { close: null } }, { fail: null }],
  5: [{ send: { ping: "the end" } }, { expect: { pong: "the end" } }, { send: { close: "C" } }, { fail: "S" }],
};
const kFarewellWithoutCode = [{ send: { ping: "the end" } }, { expect: { pong: "the end" } }, { send: { close: null } }, { fail: null }];
const kFarewellWithCode = [{ send: { ping: "the end" } }, { expect: { pong: "the end" } }, { send: { close: 1000 } }, { fail: 1000 }];

export class Player {
  compressed = 0;  // messages that came compressed
  #request = null;
  #writer = null;
  #reading = false;
  #over = false;

  // `server`: {authority, path, max_message}
  constructor(connection, server) {
    this.connection = connection;
    this.server = server;
  }

  async play(steps) {
    for (const step of steps) await this.#step(step);
    if (!this.#over) for (const step of this.#farewell()) await this.#step(step);
  }

  #farewell() {
    const { version, traits } = this.#writer;
    return kFarewell[version] ?? (traits.codes ? kFarewellWithCode : kFarewellWithoutCode);
  }

  async #step(step) {
    this.at = step;
    const verb = verbOf(step);
    await this[`_${verb}`](step[verb], step);
  }

  async _open(spec, step) {
    await this._request(spec, step);
    const head = new Head(await this.connection.head());
    const opened = checkOpened(head, this.#request);
    this.#checkExtension(spec, opened.extension);
    if (opened.proof) await this._bytes(opened.proof.toString("hex"));
    this.#opened(opened);
  }

  #checkExtension({ extension, agreed = {} }, got) {
    if (extension !== undefined && (got?.name ?? null) !== extension) {
      throw new Violation(`extension: expected ${extension}, got ${got?.name ?? null}`, "RFC 7692 5");
    }
    for (const [name, value] of Object.entries(agreed)) {
      const has = got?.answer[name] ?? null;
      const fits = value?.at_most === undefined ? has === value : has !== null && has <= value.at_most;
      if (!fits) throw new Violation(`${name}: expected ${JSON.stringify(value)}, got ${has}`, "RFC 7692 7.1");
    }
  }

  #opened({ extension, nonce }) {
    const { version, traits } = this.#request;
    const secret = nonce ? connectionKey(this.#request.field("Sec-WebSocket-Key"), nonce) : null;
    this.#writer = new FrameWriter(version, { limit: this.server.max_message, secret });
    this.#writer.deflater = new Deflater(extension?.client.bits ?? 15, extension?.client.takeover ?? true);
    const inflater = extension && new Inflater(extension.server.bits, extension.server.takeover);
    this.reader = traits.sentinel ? new SentinelReader(version)
                                  : new FrameReader(version, { inflater, perFrame: extension?.perFrame });
  }

  async _request(spec, { chop }) {
    this.#request = new Request(spec, this.server);
    await this.connection.write(this.#request.bytes, chop);
  }

  async _answer(wanted) {
    const head = new Head(await this.connection.head());
    checkAnswered(head, wanted, this.#request);
    if (head.status === 101) this.#opened(checkOpened(head, this.#request));
    else this.#over = true;
  }

  async _bytes(hex) {
    const wanted = hexBytes(hex);
    const got = await this.connection.bytes(wanted.length);
    if (!got.equals(wanted)) throw new Violation(`expected ${shown(wanted)}; got ${shown(got)}`);
  }

  async _send(items, { chop }) {
    await this.connection.write(Buffer.concat([items].flat().map(item => this.#writer.bytes(item))), chop);
  }

  async _echo(items, { chop }) {
    const list = [items].flat();
    // Both at once: a server may stop reading until its answers are read.
    await Promise.all([this._send(items, { chop }), (async () => {
      for (const item of list) {
        const { kind, payload } = this.#writer.message(item);
        for (let i = 0; i < (item.times ?? 1); ++i) await this.#next(kind, payload, item);
      }
    })()]);
  }

  async _expect(events) {
    for (const event of [events].flat()) {
      const kind = kindOf(event);
      const payload = kind === "close" ? this.#closeBody(event) : bytesOf(event[kind], this.server.max_message);
      for (let i = 0; i < (event.times ?? 1); ++i) await this.#next(kind, payload, event);
    }
  }

  // Of a close with a code the reason is the server's own affair, unless the case names one.
  #closeBody(event) {
    if (typeof event.close !== "number" || "reason" in event) return closeBody(event.close, event.reason, this.server.max_message);
    return { code: event.close };
  }

  async #next(kind, payload, wanted) {
    this.#startReading();
    const text = `${kind} ${Buffer.isBuffer(payload) ? `of ${shown(payload)}` : payload.code}`;
    const event = await this.connection.next(text);
    if (!event) throw new Violation(`expected ${text}; got the end of TCP`);
    const same = event.kind === kind && (Buffer.isBuffer(payload) ? payload.equals(event.payload)
      : event.payload.length >= 2 && event.payload.readUInt16BE(0) === payload.code);
    if (!same) throw new Violation(`expected ${text}; got ${event.kind} of ${shown(event.payload)}`);
    if (event.compressed) ++this.compressed;
    if ("compressed" in wanted && wanted.compressed !== event.compressed) {
      throw new Violation(`expected it ${wanted.compressed ? "" : "not "}compressed: ${text}`);
    }
  }

  // A close frame with this code (null: empty) and the end of TCP; of several codes any.
  async _fail(code) {
    if (this.#writer.version === 75) return this._end();
    this.#startReading();
    const codes = [code].flat();
    const event = await this.connection.next(`close ${JSON.stringify(code)}`);
    if (event?.kind !== "close") {
      const got = event ? `${event.kind} of ${shown(event.payload)}` : "the end of TCP";
      throw new Violation(`expected close ${JSON.stringify(code)}; got ${got}`);
    }
    const fits = codes.some(one => typeof one === "number" ? event.payload.length >= 2 && event.payload.readUInt16BE(0) === one
                                                           : bytesOf(one).equals(event.payload));
    if (!fits) throw new Violation(`expected close ${JSON.stringify(code)}; got close of ${shown(event.payload)}`);
    await this._end();
  }

  async _end() {
    if (this.#writer) this.#startReading();
    await this.connection.end();
    this.#over = true;
  }

  async _half_close() {
    this.connection.endOurs();
  }

  #startReading() {
    if (this.#reading) return;
    this.#reading = true;
    this.connection.startFrames(this.reader);
  }
}
