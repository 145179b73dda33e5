// Random schedules against a model. Connections are cut with messages on their way both ways, answers are
// late, publications are dropped and told as gaps, streams begin anew, histories are short or come in pages.
// Whatever happens, each message is delivered once and in order, or it is told where some are missing; each
// publish() that succeeds is there exactly once, and one that fails at most once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeServer } from "./server.mjs";
import { seeded, world } from "./fakes.mjs";

const kNames = ["room/1", "room/2", "room/3"];

class Reader {
  got = [];     // data, or null where something may be missing
  constructor(client, name, history) {
    this.name = name;
    this.room = client.subscribe(name, { history });
    this.room.on("message", ({ data }) => this.got.push(data));
    this.room.on("gap", () => this.got.push(null));
    this.room.on("subscribed", ({ recovered }) => { if (!recovered) this.got.push(null); });
  }

  // `all`: what was published to the channel, in order.
  check(all, why) {
    let at = -1, loose = true;
    for (const data of this.got) {
      if (data === null) {
        loose = true;
        continue;
      }
      const position = all.indexOf(data);
      assert.ok(position > at, `${why}: ${this.name} ${data} comes twice or late: ${this.got}`);
      assert.ok(loose || position === at + 1, `${why}: ${this.name} lacks ${all[at + 1]}: ${this.got}`);
      at = position;
      loose = false;
    }
    assert.ok(loose || at === all.length - 1, `${why}: ${this.name} ends with ${all[at]} of ${all.at(-1)}`);
  }
}

// `harsh`: also what cannot be recovered from.
async function run(seed, harsh) {
  const random = seeded(seed), below = n => Math.floor(random() * n);
  let clock;
  const published = new Map(kNames.map(name => [name, []]));
  const server = new FakeServer({
    keeps: name => name.startsWith("room/") ? (harsh ? 4 + seed % 6 : 100_000) : 0,
    page: [1000, 3, 1][seed % 3],
    later: fn => below(3) === 0 ? fn() : clock.setTimeout(fn, below(60)),
  });
  // What the stream has is what the model has.
  const publish = server.publish.bind(server);
  server.publish = (name, data, options) => {
    const answer = publish(name, data, options);
    if (!answer.duplicate) published.get(name).push(data);
    return answer;
  };
  await world(async env => {
    ({ clock } = env);
    const { net, go, client } = env;
    net.latency = () => below(4) === 0 ? below(40) : 2;
    const clients = [0, 1, 2].map(() => client({ timeout: 2000, minDelay: 20, maxDelay: 200, maxQueue: 20 }));
    const readers = clients.flatMap(c => kNames.map(name => new Reader(c, name, below(2) ? 5 : undefined)));
    const asked = [];
    let ids = 0;
    for (let step = 0; step < 150; ++step) {
      const name = kNames[below(3)], live = net.sockets.filter(socket => socket.readyState === 1 && socket.connection);
      const socket = live[below(live.length)];
      switch (below(harsh ? 12 : 10)) {
        case 0: case 1: case 2: {
          const data = `${++ids}`, from = clients[below(3)];
          const entry = { name, data };
          asked.push(entry);
          entry.done = from.publish(name, data).then(() => { entry.state = "done"; }, error => { entry.state = error.code; });
          break;
        }
        case 3: case 4:
          server.publish(name, `${++ids}`);
          break;
        case 5:
          if (socket && below(2)) socket.cut(); else socket?.connection.close(1012);
          break;
        case 6:
          if (socket) socket.connection.dropping = true;
          break;
        case 7: case 8:
          for (const { connection } of live) if (connection.dropping) connection.stopDropping();
          break;
        case 9:  // the last message of a channel once more
          for (const { connection } of live) {
            const last = server.stream(name).items.at(-1);
            if (last && connection.connected && connection.channels.has(name) && !connection.dropping) {
              connection.send({ channel: name, ...last });
            }
          }
          break;
        case 10:
          if (below(4) === 0) server.forget(name);
          break;
        case 11:  // forgotten while a client is away: it finds another epoch
          if (below(4) === 0) {
            for (const { connection } of live) connection.close(1006);
            server.streams.delete(name);
          }
      }
      await go(below(30));
    }
    for (const link of server.links) link.stopDropping();
    await go(6000);
    for (const link of server.links) link.stopDropping();
    await go(6000);
    assert.deepEqual(clients.map(c => c.state), ["open", "open", "open"]);
    for (const reader of readers) {
      reader.check(published.get(reader.name), `seed ${seed}`);
      if (!harsh) assert.ok(!reader.got.includes(null), `seed ${seed}: everything could be recovered`);
      assert.deepEqual(reader.room.position, { epoch: server.stream(reader.name).epoch, offset: server.stream(reader.name).offset },
                       `seed ${seed}: ${reader.name}`);
    }
    await Promise.all(asked.map(entry => entry.done));
    for (const { name, data, state } of asked) {
      const times = published.get(name).filter(other => other === data).length;
      assert.ok(state === "done" ? times === 1 : times <= 1, `seed ${seed}: ${data} is ${state} and there ${times} times`);
    }
    assert.ok(asked.filter(({ state }) => state === "done").length > asked.length / 2);
  }, { server, random });
}

for (let block = 0; block < 4; ++block) {
  test(`what can be recovered is, ${block}`, async () => {
    for (let seed = 0; seed < 30; ++seed) await run(block * 30 + seed, false);
  });
  test(`what cannot be recovered is told, ${block}`, async () => {
    for (let seed = 0; seed < 30; ++seed) await run(1000 + block * 30 + seed, true);
  });
}
