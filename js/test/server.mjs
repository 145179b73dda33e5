// A server of the channel protocol in memory, without I/O: what the tests of hybi.js talk to.
// A link gives send(text) and close(code, reason); accept(link) returns {receive(text), gone()}.
//
// What the protocol leaves open is an option: `later(fn)` delays an answer (those about one channel
// keep their order), `page` is how many publications one answer of hybi:history has, `batch` whether
// what is sent in one go is sent as arrays.

export class FakeServer {
  options;
  links = new Set();
  streams = new Map();
  handlers = new Map();
  log = [];  // every message that came, {link, event, data, id}
  clients = 0;
  epochs = 0;

  constructor(options = {}) {
    this.options = {
      keeps: name => name.startsWith("room/") ? 1000 : 0,  // how many publications
      allows: () => null,                                   // or the error's code; (what, channel, link)
      token: () => true,
      later: fn => fn(),
      page: 1000,
      presence: true,
      ...options,
    };
    this.handlers.set("sum", numbers => numbers.reduce((a, b) => a + b, 0));
    this.handlers.set("echo", data => data);
    this.handlers.set("fail", () => { throw { code: "by_zero", message: "nothing can be divided by 0" }; });
    // Asks the client back, and tells it what it has answered.
    this.handlers.set("ask me", (data, link) => {
      link.ask("how old", data, answer => link.send({ event: "thanks", data: answer.error ?? answer.data }));
      return null;
    });
  }

  accept(link) {
    const connection = new Connection(this, link);
    this.links.add(connection);
    return connection;
  }

  stream(name) {
    const size = this.options.keeps(name);
    if (!size || isPattern(name)) return null;
    if (!this.streams.has(name)) this.streams.set(name, { epoch: 1000 + ++this.epochs, offset: 0, items: [], size });
    return this.streams.get(name);
  }

  // The engine has forgotten it: who listens is told where it begins.
  forget(name) {
    this.streams.delete(name);
    for (const link of this.links) {
      const stream = this.stream(name);
      if (link.channels.has(name)) {
        link.send({ channel: name, event: "subscribed",
                    data: { epoch: stream.epoch, offset: stream.offset, publications: [], recovered: false } });
      }
    }
  }

  keys = new Map();
  publish(name, data, { key, publisher } = {}) {
    const used = key !== undefined && this.keys.get(`${name} ${key}`);
    if (used) return { ...used, duplicate: true };
    const stream = this.stream(name);
    const publication = { data, publisher };
    const answer = {};
    if (stream) {
      publication.offset = answer.offset = ++stream.offset;
      answer.epoch = stream.epoch;
      stream.items.push(publication);
      while (stream.items.length > stream.size) stream.items.shift();
    }
    if (key !== undefined) this.keys.set(`${name} ${key}`, answer);
    for (const link of this.links) link.deliver(name, publication);
    return answer;
  }

  since(name, since, limit = this.options.page) {
    const { epoch, offset, items } = this.stream(name);
    let publications = items, complete = true;
    if (since) {
      complete = since.epoch === epoch;
      if (complete) publications = items.filter(item => item.offset > since.offset);
      complete &&= publications.length === offset - since.offset;
      complete &&= publications.length <= limit;
      publications = publications.slice(0, limit);
    } else {
      publications = limit ? publications.slice(-limit) : [];
    }
    return { epoch, offset, publications, complete };
  }

  members(name) {
    return [...this.links].filter(link => link.channels.has(name)).map(link => link.member());
  }
}

const isPattern = name => name.split("/").some(level => level === "*" || level === "**");

export function isMatch(pattern, name) {
  const source = pattern.split("/").map((level, i, all) =>
    level === "**" && i === all.length - 1 ? ".+" :
    level === "*" ? "[^/]+" : level.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("/");
  return new RegExp(`^${source}$`).test(name);
}

// As strictly as servers do: encodeURIComponent throws for what is no Unicode.
function parse(text) {
  return JSON.parse(text, (key, value) => {
    encodeURIComponent(key);
    if (typeof value === "string") encodeURIComponent(value);
    return value;
  });
}

class Connection {
  channels = new Set();
  connected = false;
  asked = new Map();
  orders = new Map();  // channel -> its answers that are not sent, in order
  dropping = false;    // as a slow client: publications are dropped, told as a gap
  dropped = new Map();

  constructor(server, link) {
    this.server = server;
    this.link = link;
    this.id = `c${++server.clients}`;
  }

  member() {
    return { client: this.id, user: this.user ?? "", info: null };
  }

  receive(text) {
    let messages;
    try {
      messages = [parse(text)].flat();
    } catch (error) {
      return this.send({ event: "error", data: { code: "bad_json", message: error.message } });
    }
    for (const message of messages) {
      if (this.over) return;
      this.server.log.push({ link: this, batch: messages.length, ...message });
      this.take(message);
    }
  }

  gone() {
    if (this.over) return;
    this.over = true;
    this.server.links.delete(this);
    for (const name of [...this.channels]) this.leave(name);
  }

  close(code, reason = "") {
    this.gone();
    this.link.close(code, reason);
  }

  send(message) {
    if (!this.over) this.link.send(JSON.stringify(message));
  }

  ask(event, data, done) {
    const id = `s${this.asked.size}`;
    this.asked.set(id, done);
    this.send({ event, id, data });
  }

  // Subscribed on the server's own accord.
  join(name) {
    const stream = this.server.stream(name);
    this.enter(name);
    this.send({ channel: name, event: "subscribed",
                data: stream ? { epoch: stream.epoch, offset: stream.offset, publications: [] } : {} });
  }

  kick(name, code = "kicked") {
    this.leave(name);
    this.send({ channel: name, event: "unsubscribed", data: { code, message: "out" } });
  }

  enter(name) {
    if (this.channels.has(name)) return;
    if (this.server.options.presence) {
      for (const link of this.server.links) {
        if (link.hears(name)) link.send({ channel: name, event: "join", data: this.member() });
      }
    }
    this.channels.add(name);
  }

  leave(name) {
    if (!this.channels.delete(name) || !this.server.options.presence) return;
    for (const link of this.server.links) {
      if (link.hears(name)) link.send({ channel: name, event: "leave", data: this.member() });
    }
  }

  hears(name) {
    return [...this.channels].some(pattern => isMatch(pattern, name));
  }

  deliver(name, publication) {
    if (!this.hears(name)) return;
    if (this.dropping) {
      this.dropped.set(name, (this.dropped.get(name) ?? 0) + 1);
      return;
    }
    this.undrop(name);
    this.send({ channel: name, ...publication });
  }

  undrop(name) {
    const missed = this.dropped.get(name);
    this.dropped.delete(name);
    if (missed) this.send({ channel: name, event: "gap", data: { missed } });
  }

  stopDropping() {
    this.dropping = false;
    for (const name of [...this.dropped.keys()]) this.undrop(name);
  }

  // What a subscription is answered; from now on publications are delivered.
  subscribed(name, { since, history }) {
    const { server } = this;
    const code = server.options.allows("subscribe", name, this);
    if (code) throw typeof code === "string" ? { code, message: code } : code;
    this.dropped.delete(name);
    const stream = server.stream(name);
    this.enter(name);
    if (!stream) return {};
    const { epoch, offset, publications, complete } = since ? server.since(name, since, Infinity) :
      server.since(name, undefined, history ?? 0);
    return { epoch, offset, publications, ...(since && { recovered: complete }) };
  }

  take({ event, id, data }) {
    const { server } = this;
    if (event === undefined) {
      const done = this.asked.get(id);
      this.asked.delete(id);
      return done?.(arguments[0]);
    }
    const fail = error => id === undefined ? this.send({ event: "error", data: error }) : this.send({ id, error });
    // `make` gives the answer when it is sent.
    const answer = (make, channel = `#${id}`) => {
      const order = this.orders.get(channel) ?? [];
      this.orders.set(channel, order);
      order.push(() => {
        if (this.over) return;
        let value;
        try {
          value = make();
        } catch (error) {
          return fail(error);
        }
        if (id !== undefined) this.send({ id, data: value ?? null });
      });
      server.options.later(() => order.shift()());
    };
    if (event === "hybi:connect") {
      if (!server.options.token(data?.token)) {
        fail({ code: "bad_token", message: "no" });
        return this.close(4401, "bad token");
      }
      return answer(() => {
        this.connected = true;
        this.user = data?.token;
        const channels = Object.fromEntries(Object.entries(data?.channels ?? {}).map(([name, wish]) => {
          try {
            return [name, this.subscribed(name, wish)];
          } catch (error) {
            return [name, { error }];
          }
        }));
        server.onconnect?.(this);
        return { client: this.id, channels };
      });
    }
    if (!this.connected) return fail({ code: "not_connected", message: "hybi:connect comes first" });
    const channel = data?.channel;
    switch (event) {
      case "hybi:ping":
        return this.deaf || answer(() => ({}));
      case "hybi:subscribe":
        return answer(() => this.subscribed(channel, data), channel);
      case "hybi:unsubscribe":
        return answer(() => { this.leave(channel); return {}; }, channel);
      case "hybi:publish": {
        const code = isPattern(channel) ? "bad_channel" : server.options.allows("publish", channel, this);
        if (code) return fail({ code, message: code });
        const published = server.publish(channel, data.data, { key: data.key, publisher: this.id });
        return answer(() => published, channel);
      }
      case "hybi:history": {
        const code = server.options.allows("history", channel, this);
        if (code) return fail(typeof code === "string" ? { code, message: code } : code);
        // Read now, told later: live publications overtake it.
        const told = server.stream(channel) ?
          server.since(channel, data.since, Math.min(data.limit ?? Infinity, server.options.page)) :
          { publications: [], complete: false };
        return answer(() => told, channel);
      }
      case "hybi:presence": {
        const members = server.members(channel);
        return answer(() => data.count ?
          { clients: members.length, users: new Set(members.map(member => member.user)).size } : { members }, channel);
      }
      default: {
        const handler = server.handlers.get(event);
        if (!handler) return fail({ code: "unknown_event", message: "there is no such event here" });
        return answer(() => handler(data, this));
      }
    }
  }
}
