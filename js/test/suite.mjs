// What any server of the channel protocol has to do, through hybi.js, end to end. Needs nothing but the
// classes it is given, so it also runs in a page (tests/peers/client_browser_test.mjs). suite(...) returns
// [{name, run}].
//
//   url        where the server is, or a function that tells when the cases run
//   Hybi       the client's class; WebSocket: what it is to use
//   kept       a prefix of channels that keep a history of at least 100 and have presence with events
//   plain      a prefix of channels that keep nothing
//   until(fn)  waits for something that has to come (optional)
//
// The server needs no token and allows everything below the prefixes. Of the application's events the cases
// "call" and "asked" need: "sum" answers the sum of an array; "ask me" asks the client "how old" with data null and
// sends an event "thanks" with its answer.

function same(got, wanted, why) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${why ?? "wrong"}: ${a}, wanted ${b}`);
}

export function suite({ url, Hybi, WebSocket, kept = "room/", plain = "plain/", until = poll }) {
  const cases = [];
  const unique = () => Math.random().toString(36).slice(2);

  // A WebSocket whose connection can be cut, and whose incoming messages can be lost.
  class Fragile extends WebSocket {
    // `lose` gives the messages that come instead of one.
    set onmessage(fn) {
      super.onmessage = fn && (event => {
        const messages = [JSON.parse(event.data)].flat().flatMap(message => this.lose?.(message) ?? [message]);
        if (messages.length) fn({ data: JSON.stringify(messages) });
      });
    }
    cut() {
      const { onclose } = this;
      this.onopen = this.onmessage = this.onclose = null;
      this.close();
      onclose?.({ code: 1006, reason: "cut" });
    }
  }

  const add = (name, body) => cases.push({ name, run: async () => {
    const clients = [];
    const client = options => {
      const sockets = [];
      const made = new Hybi(typeof url === "function" ? url() : url, {
        minDelay: 20, timeout: 20_000, ...options,
        WebSocket: class extends Fragile {
          constructor(...args) {
            super(...args);
            sockets.push(this);
          }
        },
      });
      made.socket = () => sockets.at(-1);
      clients.push(made);
      made.connect();
      return made;
    };
    try {
      await body({ client, channel: kept + unique(), other: plain + unique() });
    } finally {
      for (const each of clients) each.close();
    }
  } });

  const record = subscription => {
    const log = [];
    subscription.on("message", ({ data }) => log.push(data));
    subscription.on("subscribed", ({ recovered }) => log.push(recovered ? "whole" : "broken"));
    subscription.on("gap", ({ missed }) => log.push(`gap ${missed}`));
    return log;
  };
  const length = (log, wanted) => until(() => log.length >= wanted, `${wanted} entries in ${JSON.stringify(log)}`);
  const ready = room => until(() => room.state === "subscribed", `${room.channel} is subscribed to`);

  add("connect: an id, and another one for another", async ({ client }) => {
    const [a, b] = [client(), client()];
    await until(() => a.id && b.id, "both are connected");
    if (a.id === b.id) throw new Error("one id for two");
  });

  add("publish: all get it in order, the publisher too, and nobody else", async ({ client, channel, other }) => {
    const [a, b] = [client(), client()];
    const logs = [record(a.subscribe(channel)), record(b.subscribe(channel))], none = record(b.subscribe(`${channel}x`));
    await Promise.all([ready(a.subscribe(channel)), ready(b.subscribe(channel)), ready(b.subscribe(`${channel}x`))]);
    let publisher;
    b.subscribe(channel).on("message", message => { ({ publisher } = message); });
    const values = [1, "text", null, { deep: [{ ü: "世界" }] }, false, -1.5];
    const done = await Promise.all(values.map(value => a.publish(channel, value)));
    same(done.map(({ offset }) => offset), [1, 2, 3, 4, 5, 6]);
    for (const log of logs) {
      await length(log, 7);
      same(log.slice(1), values);
    }
    same(publisher, a.id);
    same(none, ["whole"]);
    same((await a.publish(other, 1)).offset, undefined, "nothing is kept there");
  });

  add("a key is used once", async ({ client, channel }) => {
    const a = client(), log = record(a.subscribe(channel));
    await ready(a.subscribe(channel));
    const [one, two] = [await a.publish(channel, 1, { key: "k" }), await a.publish(channel, 2, { key: "k" })];
    same([one.offset, two.offset, two.duplicate, two.epoch === one.epoch], [1, 1, true, true]);
    await a.publish(channel, 3, { key: "l" });
    await length(log, 3);
    same(log, ["whole", 1, 3]);
  });

  add("history: the latest, since a position, and when subscribing", async ({ client, channel }) => {
    const a = client();
    for (let i = 1; i <= 5; ++i) await a.publish(channel, i);
    const all = await a.history(channel, { limit: 100 });
    same(all.publications.map(({ data, offset }) => [data, offset]), [1, 2, 3, 4, 5].map(i => [i, i]));
    same([all.offset, all.complete], [5, true]);
    same((await a.history(channel, { limit: 2 })).publications.map(({ data }) => data), [4, 5]);
    const { epoch } = all;
    const part = await a.history(channel, { since: { epoch, offset: 2 }, limit: 2 });
    same(part.publications.map(({ data }) => data), [3, 4], "the oldest after a position");
    const late = record(client().subscribe(channel, { history: 3 }));
    const back = record(client().subscribe(channel, { since: { epoch, offset: 3 } }));
    await Promise.all([length(late, 4), length(back, 3)]);
    await a.publish(channel, 6);
    await Promise.all([length(late, 5), length(back, 4)]);
    same(late, ["whole", 3, 4, 5, 6]);
    same(back, ["whole", 4, 5, 6]);
  });

  add("recovery after a cut, also of what was published meanwhile", async ({ client, channel, other }) => {
    const [a, b] = [client(), client()];
    const log = record(a.subscribe(channel)), lost = record(a.subscribe(other));
    await Promise.all([ready(a.subscribe(channel)), ready(a.subscribe(other))]);
    for (let round = 0; round < 5; ++round) {
      const known = log.length;
      await b.publish(channel, `${round} before`);
      a.socket().cut();
      await b.publish(channel, `${round} while away`);
      await ready(a.subscribe(channel));
      await b.publish(channel, `${round} after`);
      await length(log, known + 4);
    }
    same(log.filter(entry => entry !== "whole"),
         [0, 1, 2, 3, 4].flatMap(round => ["before", "while away", "after"].map(when => `${round} ${when}`)));
    await length(lost, 6);
    same(lost, ["whole", "broken", "broken", "broken", "broken", "broken"]);
  });

  add("a position of another epoch is no position", async ({ client, channel }) => {
    const a = client();
    await a.publish(channel, 1);
    const log = record(a.subscribe(channel, { since: { epoch: 1, offset: 0 } }));
    await length(log, 1);
    same(log[0], "broken");
    await a.publish(channel, 2);
    await until(() => log.at(-1) === 2, "2 comes");
  });

  add("what is published while away is published once", async ({ client, channel }) => {
    const [a, b] = [client(), client()];
    const log = record(b.subscribe(channel));
    await Promise.all([ready(b.subscribe(channel)), until(() => a.id, "a is connected")]);
    const flying = a.publish(channel, "cut off");  // sent or not, answered or not
    await null;
    a.socket().cut();
    const waiting = a.publish(channel, "waiting");
    await Promise.all([flying, waiting]);
    await length(log, 3);
    same(log, ["whole", "cut off", "waiting"]);
  });

  add("a gap is filled from the history, before what comes after it", async ({ client, channel }) => {
    const [a, b] = [client(), client()];
    const log = record(a.subscribe(channel));
    await ready(a.subscribe(channel));
    // The server's part of dropping is played here.
    let missed = 0;
    a.socket().lose = message => {
      if (message.channel !== channel || message.event) return [message];
      if (message.data === 2 || message.data === 3) return ++missed, [];
      if (message.data === 4) return [{ channel, event: "gap", data: { missed } }, message];
      return [message];
    };
    for (let i = 1; i <= 6; ++i) await b.publish(channel, i);
    await length(log, 7);
    same(log, ["whole", 1, 2, 3, 4, 5, 6]);
  });

  add("patterns", async ({ client, channel }) => {
    const a = client();
    const names = [channel, `${channel}/*`, `${channel}/**`, `${channel}/*/chat`, `${channel}/1/chat`];
    const logs = names.map(name => record(a.subscribe(name)));
    await Promise.all(names.map(name => ready(a.subscribe(name))));
    for (const name of ["", "/1", "/1/chat", "/2/chat", "/1/chat/x"]) await a.publish(channel + name, name);
    await length(logs[2], 5);
    same(logs.map(log => log.slice(1)), [[""], ["/1"], ["/1", "/1/chat", "/2/chat", "/1/chat/x"], ["/1/chat", "/2/chat"],
                                         ["/1/chat"]]);
    const refused = await a.publish(`${channel}/*`, 1).then(() => "done", error => error.code);
    same(refused, "bad_channel", "a pattern cannot be published to");
  });

  add("what is no Unicode spoils nothing", async ({ client, channel }) => {
    const a = client(), lone = `${channel}\ud83d`, room = a.subscribe(lone), log = record(room);
    await ready(room);
    const values = ["\ud83d", "\\ud83d", "\\\ud83d", { "\udfff": "\ude00😀" }];
    const done = await Promise.all([...values.map(value => a.publish(lone, value)), a.call("sum", [1, 2])]);
    same(done.at(-1), 3, "what is said together with it");
    await length(log, 5);
    same(log.slice(1), ["\ufffd", "\\ud83d", "\\\ufffd", { "\ufffd": "\ufffd😀" }]);
  });

  add("unsubscribe, and subscribe again", async ({ client, channel }) => {
    const a = client(), room = a.subscribe(channel), log = record(room);
    await ready(room);
    await a.publish(channel, 1);
    await length(log, 2);
    room.unsubscribe();
    await a.publish(channel, 2);
    const again = record(a.subscribe(channel));
    await length(again, 1);
    await a.publish(channel, 3);
    await length(again, 2);
    same([log, again], [["whole", 1], ["whole", 3]]);
  });

  add("presence: who is there, who comes and who goes", async ({ client, channel }) => {
    const [a, b] = [client(), client()], room = a.subscribe(channel), seen = [];
    for (const event of ["join", "leave"]) {
      room.on(event, ({ client }) => client !== a.id && seen.push(`${event} ${client}`));
    }
    await Promise.all([ready(room), until(() => b.id, "b is connected")]);
    same((await room.presence()).map(member => member.client), [a.id]);
    const his = b.subscribe(channel), bob = b.id;
    await until(() => seen.includes(`join ${bob}`), "b joins");
    same((await room.presence()).map(member => member.client).sort(), [a.id, bob].sort());
    same((await room.count()).clients, 2);
    his.unsubscribe();
    await until(() => seen.includes(`leave ${bob}`), "b leaves");
    same((await room.count()).clients, 1);
    await ready(b.subscribe(channel));
    await until(() => seen.length === 3, "b is back");
    b.close();
    await until(() => seen.length === 4, "b has closed");
    same(seen.map(entry => entry.split(" ")[0]), ["join", "leave", "join", "leave"]);
  });

  add("call: answers and errors, many at once", async ({ client }) => {
    const a = client();
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => a.call("sum", [i, 1])));
    same(all, Array.from({ length: 200 }, (_, i) => i + 1));
    same(await a.call("there is no such event").catch(({ code }) => code), "unknown_event");
  });

  add("asked: the server's questions", async ({ client }) => {
    const a = client(), thanks = [];
    a.handle("how old", async () => 42);
    a.on("thanks", data => thanks.push(data));
    await a.call("ask me", null);
    await until(() => thanks.length, "it thanks");
    same(thanks, [42]);
  });

  return cases;
}

async function poll(fn, what, ms = 20_000) {
  for (const end = Date.now() + ms; !fn();) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
