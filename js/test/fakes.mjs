// Time and network for tests that may not wait: a clock that stands until it is told to go on, and a
// WebSocket class whose messages take as long as the test says and whose connections can be cut.
import { FakeServer } from "./server.mjs";

const real = { setTimeout, clearTimeout, setImmediate, random: Math.random };

// Lets everything run that waits for no timer.
export const settle = async () => {
  for (let i = 0; i < 3; ++i) await new Promise(resolve => real.setImmediate(resolve));
};

export class Clock {
  now = 0;
  timers = new Map();
  ids = 0;

  setTimeout = (fn, ms = 0) => {
    this.timers.set(++this.ids, { at: this.now + Math.max(0, ms), fn, id: this.ids });
    return this.ids;
  };
  clearTimeout = id => { this.timers.delete(id); };

  install(random) {
    globalThis.setTimeout = this.setTimeout;
    globalThis.clearTimeout = this.clearTimeout;
    Math.random = random;
  }

  static uninstall() {
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    Math.random = real.random;
  }

  next() {
    let first;
    for (const timer of this.timers.values()) {
      if (!first || timer.at < first.at) first = timer;  // insertion order for equal times
    }
    return first;
  }

  async advance(ms) {
    const end = this.now + ms;
    await settle();
    for (let timer = this.next(); timer && timer.at <= end; timer = this.next()) {
      this.now = timer.at;
      this.timers.delete(timer.id);
      timer.fn();
      await settle();
    }
    this.now = end;
  }
}

// mulberry32
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Net {
  up = true;      // false: attempts fail
  stuck = false;  // attempts get no answer at all
  sockets = [];
  latency = () => 0;

  constructor(clock, server = new FakeServer()) {
    const net = this;
    this.clock = clock;
    this.server = server;
    this.WebSocket = class {
      readyState = 0;
      sent = [];  // texts, as they were sent
      constructor(url, protocols) {
        this.url = url;
        this.protocols = protocols;
        net.sockets.push(this);
        if (net.stuck) return;
        net.pass(this, "in", () => {
          if (!net.up) return this.end(1006);
          this.readyState = 1;
          this.connection = net.server.accept({
            send: text => net.pass(this, "in", () => { if (this.readyState === 1) this.onmessage?.({ data: text }); }),
            close: (code, reason) => net.pass(this, "in", () => this.end(code, reason)),
          });
          this.onopen?.();
        });
      }
      send(text) {
        if (this.readyState === 0) throw new Error("not open");
        this.sent.push(text);
        net.pass(this, "out", () => { if (!this.silent) this.connection.receive(text); });
      }
      // The client closes.
      close() {
        this.readyState = 3;
        net.pass(this, "out", () => this.connection?.gone());
      }
      // The client gets to know that it is over.
      end(code, reason = "") {
        if (this.readyState === 3) return;
        this.readyState = 3;
        this.onclose?.({ code, reason });
      }
      // What is on its way is lost, both ways.
      cut(code = 1006) {
        this.silent = true;
        this.connection?.gone();
        this.end(code);
      }
    };
  }

  // In order in each direction of a socket. Without latency at the next turn of the clock.
  pass(socket, direction, fn) {
    const key = `until ${direction}`;
    socket[key] = Math.max(socket[key] ?? 0, this.clock.now + this.latency());
    this.clock.setTimeout(fn, socket[key] - this.clock.now);
  }

  get socket() {
    return this.sockets.at(-1);
  }
  get connection() {
    return this.socket.connection;
  }
}

// A test with its own clock: body({clock, net, server, client(options), go}).
export async function world(body, { server = new FakeServer(), random = () => 0.5 } = {}) {
  const clock = new Clock();
  const net = new Net(clock, server);
  clock.install(random);
  const clients = [];
  try {
    const { Hybi } = await import("../hybi.js");
    await body({
      clock, net, server,
      go: (ms = 0) => clock.advance(ms),
      client: (options = {}) => {
        const client = new Hybi("ws://here/live", { WebSocket: net.WebSocket, ...options });
        client.heard = [];
        for (const event of ["open", "close", "error"]) client.on(event, data => client.heard.push([event, data]));
        clients.push(client);
        client.connect();
        return client;
      },
    });
    for (const client of clients) client.close();
    await clock.advance(100);  // what is on its way
    for (const { fn } of clock.timers.values()) throw new Error(`a timer is left after close(): ${fn}`);
  } finally {
    Clock.uninstall();
  }
}

// Everything that happens to a subscription, as short texts.
export function record(subscription) {
  const log = [];
  subscription.on("message", m => log.push(m.data));
  for (const event of ["subscribed", "unsubscribed", "gap", "join", "leave"]) {
    subscription.on(event, data => log.push(`${event} ${Object.values(data ?? {}).map(v => v?.client ?? v).join(" ")}`.trim()));
  }
  subscription.on("error", error => log.push(`error ${error.code}`));
  return log;
}
