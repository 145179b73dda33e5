// The chat's channels, with hybi.js over npm ws: who is here must be right for everybody, also across loops, and
// nobody speaks in another's name.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { Hybi } from "../../js/hybi.js";
import { kPatience } from "../waiting.mjs";
import { forEachBackend, until } from "./demo.mjs";

// A test that failed would wait for them for ever.
const opened = [];
after(() => opened.forEach(hybi => hybi.close()));

class Guest {
  said = [];
  rooms = [];
  events = [];
  people = new Set();
  ids = 0;

  constructor(demo, token) {
    this.hybi = new Hybi(demo.ws("/chat"), { WebSocket, token, minDelay: 50, timeout: kPatience });
    this.hybi.on("close", event => { this.closed = event; });
    this.hybi.subscribe("chat").on("message", ({ data }) => { this.rooms = data.rooms; });
    opened.push(this.hybi);
    this.hybi.connect();
  }

  static async enter(demo, room, name, id) {
    const guest = new Guest(demo, JSON.stringify({ name, id }));
    const here = guest.room = guest.hybi.subscribe(`chat/${room}`, { history: 100 });
    here.on("message", ({ data }) => guest.said.push(data));
    here.on("join", ({ user }) => { guest.people.add(user); guest.events.push(`${user} joined`); });
    here.on("leave", ({ user }) => { guest.people.delete(user); guest.events.push(`${user} left`); });
    here.on("unsubscribed", ({ code }) => { guest.refused = code; });
    await until(() => here.state === "subscribed", `${name} is in ${room}`);
    const members = await here.presence();
    for (const { user } of members) guest.people.add(user);
    guest.name = members.find(member => member.client === guest.hybi.id).user;
    return guest;
  }

  publish(data) {
    return this.room.publish({ id: `${this.name}/${++this.ids}`, name: this.name, text: "hello", at: Date.now(), ...data });
  }

  say(text) {
    return this.publish({ text });
  }

  texts() {
    return this.said.map(({ text }) => text);
  }

  hears(text) {
    return until(() => this.texts().includes(text), `${this.name} hears ${text}`);
  }

  names() {
    return [...this.people].sort();
  }

  leave() {
    this.hybi.close();
  }

  // As a network that is gone.
  vanish() {
    this.hybi._socket.terminate();
    this.hybi.close();
  }
}

const kTwoLoops = ["--threads", "2"];

forEachBackend(test, "two people hear each other and see who comes and goes", kTwoLoops, async demo => {
  const ada = await Guest.enter(demo, "kitchen", "Ada");
  const bob = await Guest.enter(demo, "kitchen", "Bob");
  await until(() => ada.people.has("Bob"), "Ada sees Bob");
  assert.deepEqual(bob.names(), ["Ada", "Bob"]);
  await ada.say("<b>hello</b> 世界");
  await bob.hears("<b>hello</b> 世界");
  assert.equal(bob.said[0].name, "Ada");
  await ada.hears("<b>hello</b> 世界");
  bob.leave();
  await until(() => !ada.people.has("Bob"), "Ada sees that Bob has left");
  assert.deepEqual(ada.events.filter(event => event.startsWith("Bob")), ["Bob joined", "Bob left"]);
  ada.leave();
});

forEachBackend(test, "rooms do not hear each other, and everybody sees which there are", kTwoLoops, async demo => {
  const looking = new Guest(demo);
  const ada = await Guest.enter(demo, "one", "Ada");
  const bob = await Guest.enter(demo, "two", "Bob");
  const eve = await Guest.enter(demo, "two", "Eve");
  await ada.say("in one");
  await bob.say("in two");
  await bob.say("again");
  await eve.hears("again");
  await ada.hears("in one");
  assert.deepEqual(eve.texts(), ["in two", "again"]);
  assert.deepEqual(ada.texts(), ["in one"]);
  for (const guest of [looking, ada]) {
    await until(() => JSON.stringify(guest.rooms) === JSON.stringify([{ name: "two", people: 2 }, { name: "one", people: 1 }]),
                "the rooms are listed, the fullest first");
  }
  const late = await Guest.enter(demo, "two", "Late");
  assert.deepEqual(late.texts(), ["in two", "again"], "what was said before");
  for (const guest of [ada, bob, eve, late]) guest.leave();
  await until(() => looking.rooms.length === 0, "rooms without people are not listed");
  looking.leave();
});

forEachBackend(test, "a name that is taken gets a number, and who comes back keeps it", kTwoLoops, async demo => {
  const first = await Guest.enter(demo, "lobby", "Sam", "first");
  const second = await Guest.enter(demo, "lobby", " Sam ", "second");
  const third = await Guest.enter(demo, "lobby", "Sam");
  assert.deepEqual(third.names(), ["Sam", "Sam 2", "Sam 3"]);
  second.vanish();
  const again = await Guest.enter(demo, "lobby", "Sam", "second");
  assert.equal(again.name, "Sam 2");
  await first.say("all here");
  await again.hears("all here");
  assert.deepEqual(first.names(), ["Sam", "Sam 2", "Sam 3"]);
  assert.ok(!first.events.includes("Sam 2 left"), "who comes back at once has not left");
  for (const guest of [first, third, again]) guest.leave();
});

forEachBackend(test, "names that are none are refused", [], async demo => {
  const refused = async token => {
    const guest = new Guest(demo, token);
    await until(() => guest.closed, "it is closed");
    return [guest.closed.code, guest.closed.delay, guest.closed.reason];
  };
  const name = value => JSON.stringify({ name: value, id: "x" });
  for (const [token, why] of [["Ada", /JSON/], ["[]", /JSON/], ["{}", /a name/], [name("  "), /a name/], [name("a\u0000b"), /a name/],
                              [name(7), /a name/], [name("x".repeat(25)), /too long/],
                              [JSON.stringify({ name: "Ada", id: "x".repeat(65) }), /too long/]]) {
    const [code, delay, reason] = await refused(token);
    assert.deepEqual([code, delay], [4401, undefined], token);
    assert.match(reason, why, token);
  }
  const guest = await Guest.enter(demo, "lobby", "ö".repeat(24));
  assert.equal(guest.name, "ö".repeat(24));
  guest.leave();
});

forEachBackend(test, "what may not be said is refused, and the connection stays", [], async demo => {
  const guest = await Guest.enter(demo, "lobby", "Ada");
  const forbidden = { code: "forbidden" };
  for (const data of [{ name: "Bob" }, { text: "   " }, { text: "y".repeat(2001) }, { text: 7 }, { id: "" }, { id: "x".repeat(65) },
                      { at: "now" }, { at: -1 }, { more: true }]) {
    await assert.rejects(guest.publish(data), forbidden, JSON.stringify(data));
  }
  for (const channel of ["chat", "chat/no room", "chat/" + "x".repeat(33), "chat/a/b", "elsewhere"]) {
    await assert.rejects(guest.hybi.publish(channel, { id: "1", name: "Ada", text: "hello", at: 1 }), forbidden, channel);
  }
  for (const channel of ["chat/no room", "chat/**", "chat/*", "elsewhere"]) {
    const refusal = new Promise(resolve => guest.hybi.subscribe(channel).on("unsubscribed", resolve));
    assert.equal((await refusal).code, "forbidden", channel);
  }
  await guest.say("ö".repeat(2000));
  await guest.hears("ö".repeat(2000));
  assert.equal(guest.said.length, 1);
  assert.equal(guest.closed, undefined);

  const looking = new Guest(demo);
  await assert.rejects(looking.hybi.publish("chat/lobby", { id: "1", name: "", text: "hello", at: 1 }), forbidden);
  const room = looking.hybi.subscribe("chat/lobby");
  assert.equal((await new Promise(resolve => room.on("unsubscribed", resolve))).code, "forbidden");
  looking.leave();
  guest.leave();
});

forEachBackend(test, "only who is in a room may speak there, and asking about rooms leaves them to others", [], async demo => {
  const looking = new Guest(demo);
  const listed = new Set();
  looking.hybi.subscribe("chat").on("message", ({ data }) => data.rooms.forEach(({ name }) => listed.add(name)));
  const ada = await Guest.enter(demo, "lobby", "Ada");
  const speaks = room => ada.hybi.publish(`chat/${room}`, { id: `${++ada.ids}`, name: "Ada", text: "hello", at: 1 })
    .then(() => true, error => assert.equal(error.code, "forbidden"));
  assert.ok(await speaks("lobby"));
  assert.ok(!await speaks("garden"), "where nobody is");

  const names = Array.from({ length: 300 }, (_, i) => `ghost${i}`);
  const asked = await Promise.allSettled(names.flatMap(room => [ada.hybi.history(`chat/${room}`), ada.hybi.presence(`chat/${room}`)]));
  assert.ok(asked.every(({ reason }) => reason?.code === "forbidden"), "only who is there may ask");
  const bob = await Guest.enter(demo, "garden", "Bob");
  assert.ok(!await speaks("garden"), "where others are");
  await bob.say("hello");
  await until(() => listed.has("garden"), "there is a garden");
  assert.deepEqual([...listed].sort(), ["garden", "lobby"]);

  ada.room.unsubscribe();
  await until(async () => !await speaks("lobby"), "who has left speaks there no longer");
  for (const guest of [looking, ada, bob]) guest.leave();
});

forEachBackend(test, "who is cut off together and comes back sees all others", kTwoLoops, async demo => {
  const guests = await Promise.all(Array.from({ length: 8 }, (_, i) => Guest.enter(demo, "attic", `guest ${i}`, `${i}`)));
  const expected = guests.map((_, i) => `guest ${i}`);
  const lists = guests.map(guest => new Promise((resolve, reject) => guest.room.on("subscribed", () => {
    guest.room.presence().then(members => resolve(members.map(({ user }) => user)), reject);
  })));
  for (const guest of guests) guest.hybi._socket.terminate();
  for (const list of await Promise.all(lists)) assert.deepEqual(list.sort(), expected);
  for (const guest of guests) {
    assert.ok(!guest.events.some(event => event.endsWith("left")), `${guest.events}`);
    guest.leave();
  }
});

// As many as hybi.js keeps while there is no connection come in large batches.
forEachBackend(test, "long messages that were kept for later are all taken", [], async demo => {
  const ada = await Guest.enter(demo, "attic", "Ada");
  const sent = Array.from({ length: 60 }, (_, i) => `${i} ${"世".repeat(1990)}`);
  await Promise.all(sent.map(text => ada.say(text)));
  await until(() => ada.said.length === sent.length, "all are there");
  assert.deepEqual(ada.texts(), sent);
  const late = await Guest.enter(demo, "attic", "Late");
  await until(() => late.said.length === sent.length, "the history has them all");
  for (const guest of [ada, late]) guest.leave();
});

forEachBackend(test, "many come, talk and go at once, and the list is right for those who stay", kTwoLoops,
               async demo => {
  const stay = await Promise.all(Array.from({ length: 8 }, (_, i) => Guest.enter(demo, "busy", `stay ${i}`)));
  const kVisitors = 120;
  await Promise.all(Array.from({ length: kVisitors }, async (_, i) => {
    const guest = await Guest.enter(demo, "busy", `visitor ${i}`);
    await guest.say(`hello from ${i}`);
    if (i % 2) guest.leave();
    else guest.vanish();
  }));
  const expected = stay.map((_, i) => `stay ${i}`);
  for (const guest of stay) {
    await until(() => guest.names().length === stay.length, `only those who stay are left`);
    assert.deepEqual(guest.names(), expected);
    assert.deepEqual((await guest.room.presence()).map(({ user }) => user).sort(), expected);
    assert.equal(new Set(guest.texts()).size, kVisitors);
    assert.equal(guest.said.length, kVisitors);
  }
  // One person's words keep their order for everybody.
  const lines = Array.from({ length: 150 }, (_, i) => `line ${i}`);
  for (const line of lines) stay[0].say(line);
  for (const guest of stay) {
    await guest.hears(lines.at(-1));
    assert.deepEqual(guest.texts().filter(text => text.startsWith("line ")), lines);
    guest.leave();
  }
});
