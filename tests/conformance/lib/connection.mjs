// One raw connection to the server: writes in pieces, waits for bytes, for events of the reader, for the end.
import net from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { shown } from "./payload.mjs";
import { Violation } from "./violation.mjs";

const kTail = 192;  // bytes kept for a report

export class Connection {
  #raw = Buffer.alloc(0);  // before the reader takes over
  #reader = null;
  #events = [];
  #waiting = [];  // writing and reading wait at the same time
  #error = null;
  #steps = 0;
  #ended = false;
  #gotClose = false;
  #sentTail = Buffer.alloc(0);
  #gotTail = Buffer.alloc(0);

  // `patience`: milliseconds without any progress after which waiting fails.
  static async open(host, port, patience) {
    const connection = new Connection();
    connection.patience = patience;
    const socket = net.connect({ host, port, noDelay: true, allowHalfOpen: true });
    connection.socket = socket;
    socket.on("data", bytes => connection.#take(bytes));
    socket.on("end", () => connection.#end());
    socket.on("error", error => connection.#fail(error));
    socket.on("drain", () => {
      connection.#progress();
      connection.#wake();
    });
    connection.#progress();
    socket.on("connect", () => connection.#wake());
    await connection.#until(() => !socket.connecting, "the connection");
    return connection;
  }

  #progress() {
    ++this.#steps;
    this.timer ??= setTimeout(() => this.#late(), this.patience);
    this.timer.refresh();
  }

  // The timer may be due only because this process was busy: what has arrived meanwhile is taken first.
  async #late() {
    const steps = this.#steps;
    await nextTurn();
    await nextTurn();
    if (steps !== this.#steps) return;
    this.#error ??= new Violation(`nothing happened for ${this.patience} ms`);
    this.#wake();
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #take(bytes) {
    this.#progress();
    this.#gotTail = Buffer.concat([this.#gotTail, bytes.subarray(-kTail)]).subarray(-kTail);
    try {
      if (this.#reader) this.#read(bytes);
      else this.#raw = this.#raw.length ? Buffer.concat([this.#raw, bytes]) : bytes;
    } catch (error) {
      this.#error ??= error;
    }
    this.#wake();
  }

  #read(bytes) {
    this.#reader.push(bytes);
    const events = this.#reader.events.splice(0);
    this.#gotClose ||= events.some(event => event.kind === "close");
    // A server may ping whenever it likes.
    this.#events.push(...events.filter(event => event.kind !== "ping"));
  }

  #end() {
    this.#ended = true;
    this.#progress();
    this.#wake();
  }

  // Who has said goodbye may reset: bytes of ours may still have been on their way to it.
  #fail(error) {
    if (this.#gotClose && (error.code === "ECONNRESET" || error.code === "EPIPE")) return this.#end();
    this.#error ??= new Violation(`the connection broke: ${error.message}`);
    this.#wake();
  }

  async #until(condition, what) {
    for (;;) {
      const got = condition();
      if (got) return got;
      if (this.#error) {
        this.#error.message += this.#error.waitedFor ? "" : `; waited for ${what}`;
        this.#error.waitedFor = true;
        throw this.#error;
      }
      await new Promise(resolve => { this.#waiting.push(resolve); });
    }
  }

  // `chop`: bytes per write, or a list of sizes of which the last one is repeated. Stops when the server is gone.
  async write(bytes, chop) {
    this.#sentTail = Buffer.concat([this.#sentTail, bytes.subarray(-kTail)]).subarray(-kTail);
    const sizes = chop === undefined || chop === null ? [bytes.length] : [chop].flat();
    for (let at = 0, i = 0; at < bytes.length && !this.#over; ++i) {
      const size = sizes[Math.min(i, sizes.length - 1)];
      const taken = this.socket.write(bytes.subarray(at, at + size));
      at += size;
      if (!taken) await this.#until(() => this.socket.writableLength === 0 || this.#over, "the server reads");
      // The server gets the chance to see the piece alone.
      else if (i % 8 === 7 || sizes.length > 1) await nextTurn();
      if (i % 64 === 0) this.#progress();
    }
  }

  get #over() {
    return this.#gotClose || this.#ended || this.#error || this.socket.destroyed;
  }

  // Up to and with the empty line.
  async head() {
    const end = await this.#until(() => {
      const at = this.#raw.indexOf("\r\n\r\n");
      return at >= 0 ? at + 4 : this.#ended ? -1 : 0;
    }, "an HTTP answer");
    if (end < 0) throw new Violation(`the connection ended without an answer, after ${shown(this.#raw)}`);
    const head = this.#raw.subarray(0, end);
    this.#raw = this.#raw.subarray(end);
    return head;
  }

  async bytes(count) {
    await this.#until(() => this.#raw.length >= count || this.#ended, `${count} bytes`);
    const bytes = this.#raw.subarray(0, count);
    this.#raw = this.#raw.subarray(count);
    return bytes;
  }

  // From here on the server's bytes are frames.
  startFrames(reader) {
    this.#reader = reader;
    const first = this.#raw;
    this.#raw = Buffer.alloc(0);
    if (first.length) this.#read(first);
  }

  // The next event, or null when TCP ended.
  async next(what) {
    const event = await this.#until(() => this.#events.shift() ?? (this.#ended ? "end" : null), what);
    return event === "end" ? null : event;
  }

  // TCP ends, and nothing comes before that.
  async end() {
    if (this.#reader) {
      const event = await this.next("the server ends TCP");
      if (event) throw new Violation(`expected the end of TCP, got a ${event.kind} frame, ${shown(event.payload)}`);
      if (!this.#reader.atRest) throw new Violation("TCP ended inside a frame or message");
      return;
    }
    await this.#until(() => this.#ended || this.#raw.length, "the server ends TCP");
    if (this.#raw.length) throw new Violation(`expected the end of TCP, got ${shown(this.#raw)}`);
  }

  endOurs() {
    this.socket.end();
  }

  get transcript() {
    return { sent: this.#sentTail, got: this.#gotTail };
  }

  destroy() {
    clearTimeout(this.timer);
    this.socket.destroy();
  }
}
