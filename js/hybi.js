// hybi.js 0.1.0, MIT license. Protocol: docs/topics/channel-protocol.md; manual: README.md; API: hybi.d.ts.
//
// A Hybi is a connection that comes back, a Subscription a channel on it. Answers go to callbacks that
// run before the next message of the batch is looked at; promises are for the application only.

const kPatience = 10_000;  // ms to connect, and for the answer to a ping
const kHurry = 2_000;  // for that answer when the network has changed
const kStable = 5_000;  // a connection that lived so long was a good one
const kWindow = 50;  // unanswered questions; servers allow 64
const kBatch = 65_536;  // characters
const kUnsent = 2 ** 24;  // bytes that the WebSocket may keep
const kOwn = ["open", "close", "error", "subscription"];  // no events of the application

export class HybiError extends Error {
  constructor(code, message = code, retryMs) {
    super(message);
    this.name = "HybiError";
    this.code = code;
    this.retryMs = retryMs;
  }
}

// A lone surrogate, which servers take for no JSON, becomes U+FFFD.
const json = value => JSON.stringify(value).replace(/\\(\\|ud[89a-f]..)/g, (all, what) => what[1] ? "\ufffd" : all);

const told = error => new HybiError(error?.code ?? "failed", error?.message, error?.retry_ms);

// Worth asking again?
const passes = error => ["unavailable", "too_fast", "too_many_pending", "timeout"].includes(error.code);

// "room/*" and "room/**" against "room/42".
function matches(pattern, name) {
  const wanted = pattern.split("/"), levels = name.split("/");
  if (wanted[wanted.length - 1] === "**") levels.splice(wanted.length);
  return levels.length === wanted.length && wanted.every((level, i) => ["*", "**", levels[i]].includes(level));
}

class Emitter {
  _listeners = new Map();

  on(event, fn) {
    this._listeners.set(event, (this._listeners.get(event) ?? new Set()).add(fn));
    return () => this.off(event, fn);
  }

  off(event, fn) {
    this._listeners.get(event)?.delete(fn);
  }

  // What a listener throws is uncaught, but disturbs nobody here.
  _emit(event, value) {
    for (const fn of [...(this._listeners.get(event) ?? [])]) {
      try {
        fn(value);
      } catch (error) {
        queueMicrotask(() => { throw error; });
      }
    }
  }
}

class Subscription extends Emitter {
  state = "subscribing";
  _held = [];  // waits for an answer; null: none is awaited
  _turn = 0;  // answers to an earlier turn come too late
  _tries = 0;

  constructor(client, channel, { since, history } = {}, remote) {
    super();
    this.channel = channel;
    this.position = since;  // of the last message that was emitted
    this._client = client;
    this._history = history;
    this._remote = remote;  // the server subscribes us
  }

  publish(data, options) { return this._client.publish(this.channel, data, options); }
  history(options) { return this._client.history(this.channel, options); }
  presence(options) { return this._client.presence(this.channel, options); }
  count(options) { return this._client.count(this.channel, options); }

  unsubscribe() {
    const asked = this._asked;  // on this connection
    if (this.state === "unsubscribed") return;
    this._end({ code: "unsubscribed" });
    if (asked) this._client._here("hybi:unsubscribe", { channel: this.channel });
  }

  async *[Symbol.asyncIterator]() {
    const queue = [];
    let wake = () => {};
    const taking = this.on("message", message => { queue.push(message); wake(); });
    const ending = this.on("unsubscribed", () => wake());
    try {
      for (;;) {
        while (queue.length) yield queue.shift();
        if (this.state === "unsubscribed") return;
        await new Promise(resolve => { wake = resolve; });
      }
    } finally {
      taking();
      ending();
    }
  }

  _wish() {
    return this.position ? { since: this.position } : { history: this._seen ? undefined : this._history };
  }

  // What is held will be had again.
  _cut() {
    ++this._turn;
    clearTimeout(this._timer);
    this._held = [];
    this._asked = false;
    if (this.state === "subscribed") this.state = "subscribing";
  }

  _end(reason) {
    this._cut();
    this.state = "unsubscribed";
    this._client._subscriptions.delete(this.channel);
    this._client._patterns.delete(this);
    this._emit("unsubscribed", reason);
  }

  _refused(error) {
    if (this.state !== "subscribing") return;  // or the server has subscribed us meanwhile
    const turn = this._turn;
    this._emit("error", error);
    if (turn !== this._turn) return;
    if (passes(error)) this._again(error, () => this._client._subscribe(this));
    else this._end({ code: error.code, message: error.message });
  }

  _again(error, what) {
    const delay = this._client._delay(this._tries++);
    this._timer = setTimeout(what, error.retryMs ?? delay);
  }

  // Also when the server has subscribed us, or begins the stream anew.
  _welcome({ epoch, offset, publications = [], recovered }) {
    if (this.state === "unsubscribed") return;
    const turn = ++this._turn, old = this.position, same = old && old.epoch === epoch;
    // The server knew no position.
    const behind = same && recovered === undefined && old.offset < offset;
    clearTimeout(this._timer);
    // What is held has offsets of the old stream.
    if (!same && this.state === "subscribed") this._held = [];
    this.state = "subscribed";
    this._asked = true;
    this._held ??= [];
    if (!same) this.position = epoch && { epoch, offset: (publications[0]?.offset ?? offset + 1) - 1 };
    recovered ??= old ? same : !this._seen;
    this._seen = true;
    this._emit("subscribed", { recovered });
    if (turn !== this._turn) return;
    if (behind) return this._fill();
    for (const publication of publications) {
      this._deliver(publication);
      if (turn !== this._turn) return;
    }
    if (epoch && this.position.offset < offset) this.position = { epoch, offset };
    this._tries = 0;
    this._release();
  }

  _take(message) {
    const { event, data } = message;
    if (event === "join" || event === "leave") {
      if (this.state === "subscribed") this._emit(event, data);
    } else if (this._held) {
      // Too many: the history has them.
      if (this._held.push(message) > this._client._options.maxQueue) this._held = [{ event: "gap" }];
    } else if (event === "gap") {
      this._fill(data?.missed);
    } else if (!event) {
      this._deliver(message);
    }
  }

  _deliver({ channel = this.channel, data, offset, publisher }) {
    const { position } = this;
    if (position && offset !== undefined) {
      if (offset <= position.offset) return;
      this.position = { epoch: position.epoch, offset };
    }
    this._emit("message", { channel, data, offset, publisher });
  }

  _release() {
    const held = this._held;
    this._held = null;
    for (const message of held) this._take(message);  // which holds the rest if one of them is a gap
  }

  // Asks for what is missing after `position`, and holds back what comes meanwhile.
  _fill(missed) {
    if (!this.position) return this._emit("gap", { missed });
    this._held ??= [];
    const turn = ++this._turn;
    this._client._here("hybi:history", { channel: this.channel, since: this.position }, (error, answer) => {
      if (turn !== this._turn) return;
      if (!error) return this._filled(answer);
      if (passes(error) && this._tries < 5) return this._again(error, () => this._fill(missed));
      this._tries = 0;
      this._emit("gap", { missed });
      if (turn === this._turn) this._release();
    });
  }

  _filled({ epoch, offset, publications = [] }) {
    // What is held may be of either stream: only another connection begins with none of it.
    if (epoch !== this.position.epoch) return this._client._lost(1006, "another epoch");
    const turn = this._turn, from = this.position.offset;
    const gap = missed => {
      this._emit("gap", { missed });
      return turn === this._turn;
    };
    this._tries = 0;
    for (const publication of publications) {
      const missed = publication.offset - this.position.offset - 1;
      if (missed > 0 && !gap(missed)) return;
      this._deliver(publication);
      if (turn !== this._turn) return;
    }
    // It has to reach what is held, or the stream's end.
    const at = this.position.offset, next = this._held.find(message => message.offset > at);
    const end = next ? next.offset - 1 : offset;
    if (at < end) {
      if (at > from) return this._fill(end - at);  // the server tells no more at once
      this.position = { epoch, offset: end };
      if (!gap(end - at)) return;
    }
    this._release();
  }
}

export class Hybi extends Emitter {
  state = "closed";
  id;
  _subscriptions = new Map();
  _patterns = new Set();
  _handlers = new Map();
  _pending = new Map();  // what is not done, by id
  _outbox = [];  // what is not sent
  _flying = 0;  // questions sent
  _ids = 0;
  _attempt = 0;
  _tries = 0;

  constructor(url, options = {}) {
    super();
    const at = new URL(url, globalThis.location?.href);
    at.protocol = at.protocol.replace("http", "ws");
    at.hash = "";
    this.url = at.href;
    this._options = {
      minDelay: 500, maxDelay: 30_000, maxQueue: 1000, timeout: 30_000, pingInterval: 25_000,
      WebSocket: globalThis.WebSocket, ...options,
    };
    // Idempotency keys: distinct, not secret.
    this._keys = `${Math.random()}-${Math.random()}`;
    this._online = () => {
      if (this.state === "waiting") this._connect();
      else if (this.state === "open") this._ping(kHurry);
    };
  }

  connect() {
    if (this.state !== "closed") return;
    this._tries = 0;
    globalThis.addEventListener?.("online", this._online);
    globalThis.addEventListener?.("offline", this._online);
    this._connect();
  }

  close() {
    if (this.state !== "closed") this._lost(1000, "");
  }

  subscribe(channel, options) {
    channel = JSON.parse(json(channel));  // as it is sent
    let subscription = this._subscriptions.get(channel);
    if (!subscription) {
      subscription = this._remember(new Subscription(this, channel, options));
      if (this._greeted) this._subscribe(subscription);
    }
    return subscription;
  }

  // Done once, however often it is sent.
  publish(channel, data, { key = `${this._keys}-${this._ids + 1}`, timeout } = {}) {
    return this.call("hybi:publish", { channel, data, key }, { timeout, retry: true });
  }

  history(channel, { since, limit, timeout } = {}) {
    return this.call("hybi:history", { channel, since, limit }, { timeout, retry: true });
  }

  async presence(channel, { timeout } = {}) {
    return (await this.call("hybi:presence", { channel }, { timeout, retry: true })).members;
  }

  count(channel, { timeout } = {}) {
    return this.call("hybi:presence", { channel, count: true }, { timeout, retry: true });
  }

  call(event, data, { timeout, retry } = {}) {
    return new Promise((resolve, reject) => {
      this._ask(event, data, (error, answer) => error ? reject(error) : resolve(answer), { timeout, retry });
    });
  }

  // False: it cannot even be kept for later.
  send(event, data) {
    return this._add({ text: json({ event, data }) }, this._options.timeout);
  }

  handle(event, fn) {
    this._handlers.set(event, fn);
  }

  _remember(subscription) {
    this._subscriptions.set(subscription.channel, subscription);
    if (/(^|\/)\*/.test(subscription.channel)) this._patterns.add(subscription);
    return subscription;
  }

  // --- out

  _ask(event, data, done, { timeout = this._options.timeout, ...how }) {
    const id = this._ids + 1;
    this._add({ ...how, asks: true, done, text: json({ event, id, data }) }, timeout);
  }

  // A question that is worth nothing on another connection.
  _here(event, data, done) {
    this._ask(event, data, done, { here: true });
  }

  _subscribe(subscription) {
    const { channel } = subscription;
    subscription._asked = true;
    this._here("hybi:subscribe", { channel, ...subscription._wish() }, (error, answer) => {
      if (!error) subscription._welcome(answer);
      else if (error.code !== "disconnected" && error.code !== "closed") subscription._refused(error);
    });
  }

  _add(item, timeout) {
    item.id = ++this._ids;
    const refusal = this.state === "closed" ? "closed" :
      !item.here && (this._outbox.length >= this._options.maxQueue || this._socket?.bufferedAmount > kUnsent) &&
      "queue_full";
    if (refusal) {
      item.done?.(new HybiError(refusal));
      return false;
    }
    item.timer = setTimeout(() => this._settle(item, new HybiError("timeout")), timeout);
    this._pending.set(item.id, item);
    this._outbox[item.first ? "unshift" : "push"](item);
    this._soon();
    return true;
  }

  _settle(item, error, answer) {
    clearTimeout(item.timer);
    this._pending.delete(item.id);
    if (!item.sent) this._outbox = this._outbox.filter(other => other !== item);
    else if (item.asks) --this._flying;
    if (this._outbox.length) this._soon();
    item.done?.(error, answer);
  }

  // What is said until the next microtask goes as one batch.
  _soon() {
    if (this._due) return;
    this._due = true;
    queueMicrotask(() => {
      this._due = false;
      if (this.state === "open") this._write();
    });
  }

  _write(most = Infinity) {
    let batch = [], size = 0, taken = 0;
    const outbox = this._outbox;
    const write = () => {
      if (batch.length) this._socket.send(batch.length > 1 ? `[${batch}]` : batch[0]);
      batch = [];
      size = 0;
    };
    for (const item of outbox) {
      if (taken === most || (item.asks && this._flying >= kWindow)) break;
      ++taken;
      item.sent = true;
      if (size + item.text.length > kBatch) write();
      size += item.text.length;
      batch.push(item.text);
      if (item.asks) ++this._flying;
      else this._settle(item);
    }
    this._outbox = outbox.slice(taken);
    write();
  }

  // --- the connection

  async _connect() {
    const { token, WebSocket } = this._options, attempt = ++this._attempt;
    this.state = "connecting";
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._lost(1006, "not connected in time"), kPatience);
    try {
      this._token ??= typeof token === "function" ? await token() : token;
      if (attempt !== this._attempt) return;
      const socket = this._socket = new WebSocket(this.url, "hybi.json");
      socket.onopen = () => this._greet();
      socket.onmessage = ({ data }) => this._receive(socket, data);
      socket.onclose = ({ code, reason }) => this._lost(code, reason);
      socket.onerror = () => {};  // onclose follows
    } catch (error) {
      if (attempt !== this._attempt) return;
      this._emit("error", error ??= new HybiError("failed"));
      if (attempt === this._attempt) this._lost(1006, String(error.message ?? error));
    }
  }

  _greet() {
    const attempt = this._attempt;
    const mine = [...this._subscriptions.values()].filter(subscription => !subscription._remote);
    for (const subscription of mine) subscription._asked = true;
    this._greeted = true;
    clearTimeout(this._timer);
    this._ask("hybi:connect", {
      token: this._token,
      channels: Object.fromEntries(mine.map(subscription => [subscription.channel, subscription._wish()])),
    }, (error, answer) => {
      if (attempt !== this._attempt) return;
      if (error) {
        if (error.code === "bad_token") return this._lost(4401, error.message);
        this._emit("error", error);
        return this._lost(1006, error.message);
      }
      const { client, channels = {} } = answer ?? {};
      this.id = client;
      this.state = "open";
      this._listen();
      this._timer = setTimeout(() => { this._tries = 0; this._renewed = false; }, kStable);
      this._emit("open", { client });
      const answers = new Map(Object.entries(channels));
      for (const subscription of mine) {
        if (attempt !== this._attempt) return;
        const answer = answers.get(subscription.channel) ?? { error: { code: "unavailable" } };
        if (answer.error) subscription._refused(told(answer.error));
        else subscription._welcome(answer);
      }
      this._soon();
    }, { here: true, first: true, timeout: Math.max(kPatience, this._options.timeout) });  // it may be much
    this._write(1);
  }

  _receive(socket, text) {
    let messages;
    if (this.state === "open") this._listen();
    try {
      messages = [JSON.parse(text)].flat();
    } catch {
      return this._emit("error", new HybiError("bad_json"));
    }
    for (const message of messages) {
      if (socket !== this._socket) return;  // what came before has closed it
      if (typeof message?.channel === "string") this._route(message);
      else if (typeof message?.event === "string") this._event(message);
      else if (message) {
        const { id, data, error } = message, item = this._pending.get(id);
        if (item?.sent) this._settle(item, error && told(error), data);
      }
    }
  }

  _route(message) {
    const { channel, event, data } = message;
    let exact = this._subscriptions.get(channel);
    if (event === "subscribed") {
      if (!exact) {
        // A stream that begins anew, and that we have left.
        if (data?.recovered === false) return;
        exact = this._remember(new Subscription(this, channel, {}, true));
        this._emit("subscription", exact);
      }
      exact._welcome(data ?? {});
    } else if (event === "unsubscribed") {
      exact?._end(data ?? {});
    } else {
      exact?._take(message);
      for (const subscription of [...this._patterns]) {
        if (subscription !== exact && matches(subscription.channel, channel)) subscription._take(message);
      }
    }
  }

  async _event({ event, id, data }) {
    if (id === undefined) {
      if (event === "error") this._emit(event, told(data));
      else if (!kOwn.includes(event)) this._emit(event, data);
      return;
    }
    const attempt = this._attempt, fn = this._handlers.get(event);
    let text;
    try {
      if (!fn) throw new HybiError("unknown_event", "there is no such handler here");
      text = json({ id, data: (await fn(data)) ?? null });
    } catch (error) {
      if (!(error instanceof HybiError)) {
        this._emit("error", error);
        error = new HybiError("failed", "the application failed");
      }
      text = json({ id, error: { code: error.code, message: error.message } });
    }
    // First: the server may wait for it before it answers what we wait for.
    if (attempt === this._attempt) this._add({ text, here: true, first: true }, kPatience);
  }

  // After a silence asks whether somebody is there.
  _listen() {
    clearTimeout(this._beat);
    this._beat = setTimeout(() => this._ping(kPatience), this._options.pingInterval);
  }

  _ping(patience) {
    clearTimeout(this._beat);
    this._beat = setTimeout(() => this._lost(1006, "no answer"), patience);
    this._socket.send(`{"event":"hybi:ping","id":${++this._ids}}`);
  }

  // Half of it is random.
  _delay(tries) {
    const { minDelay, maxDelay } = this._options;
    return Math.min(maxDelay, minDelay * 2 ** tries) * (1 + Math.random()) / 2;
  }

  // The connection or the attempt has come to its end.
  _lost(code, reason, final = [1000, 1008, 4400, 4403].includes(code)) {
    const socket = this._socket;
    let delay;
    if (code === 4401) {
      // A new token, once.
      final ||= this._renewed || typeof this._options.token !== "function";
      this._token = undefined;
      delay = 0;
    }
    this._renewed = code === 4401 && !final;
    ++this._attempt;
    this._socket = this._greeted = this.id = undefined;
    clearTimeout(this._timer);
    clearTimeout(this._beat);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
    if (final) {
      delay = undefined;
      this.state = "closed";
      globalThis.removeEventListener?.("online", this._online);
      globalThis.removeEventListener?.("offline", this._online);
    } else {
      delay ??= this._delay(this._tries++);
      this.state = "waiting";
      this._timer = setTimeout(() => this._connect(), delay);
    }
    for (const subscription of [...this._subscriptions.values()]) subscription._cut();
    const over = new HybiError(final ? "closed" : "disconnected", reason || undefined);
    for (const item of this._pending.values()) {
      // One of them was too big or no JSON, and would be so again.
      if (final || item.here || (item.sent && (!item.retry || [1007, 1009].includes(code)))) this._settle(item, over);
      item.sent = false;
    }
    this._flying = 0;
    this._outbox = [...this._pending.values()];
    this._emit("close", { code, reason, delay });
  }
}

export default Hybi;
