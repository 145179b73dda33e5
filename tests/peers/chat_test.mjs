// The chat's messages, over npm ws: who is here must be right for everybody, also across loops.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { forEachBackend, until, withDeadline } from "./demo.mjs";

class Guest {
  messages = [];
  people = new Map();

  static async enter(demo, room, name) {
    const guest = new Guest();
    guest.socket = new WebSocket(demo.ws(`/chat/${room}`));
    guest.socket.on("error", () => {});
    guest.socket.on("message", data => guest.take(JSON.parse(data)));
    await withDeadline(once(guest.socket, "open"), 60_000, "opens");
    if (name !== undefined) {
      guest.send({ type: "join", name });
      await guest.gets("welcome");
    }
    return guest;
  }

  take(message) {
    this.messages.push(message);
    if (message.type === "welcome") this.people = new Map(message.people.map(p => [p.id, p.name]));
    if (message.type === "joined") this.people.set(message.id, message.name);
    if (message.type === "left") this.people.delete(message.id);
  }

  send(message) {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  gets(type, matches = () => true) {
    return until(() => this.messages.find(m => m.type === type && matches(m)), `${type} arrives`);
  }

  names() {
    return [...this.people.values()].sort();
  }

  said() {
    return this.messages.filter(m => m.type === "said").map(m => m.text);
  }

  leave() {
    this.socket.close(1000);
  }
}

const kTwoLoops = ["--threads", "2"];

forEachBackend(test, "two people hear each other and see who comes and goes", kTwoLoops, async demo => {
  const ada = await Guest.enter(demo, "kitchen", "Ada");
  const bob = await Guest.enter(demo, "kitchen", "Bob");
  await ada.gets("joined", m => m.name === "Bob");
  assert.deepEqual(bob.names(), ["Ada", "Bob"]);
  ada.send({ type: "say", text: "<b>hello</b> 世界" });
  const heard = await bob.gets("said");
  assert.deepEqual([heard.name, heard.text], ["Ada", "<b>hello</b> 世界"]);
  await ada.gets("said", m => m.id === heard.id);
  bob.leave();
  await ada.gets("left", m => m.name === "Bob");
  assert.deepEqual(ada.names(), ["Ada"]);
  ada.leave();
});

forEachBackend(test, "rooms do not hear each other", kTwoLoops, async demo => {
  const ada = await Guest.enter(demo, "one", "Ada");
  const bob = await Guest.enter(demo, "two", "Bob");
  const eve = await Guest.enter(demo, "two", "Eve");
  ada.send({ type: "say", text: "in one" });
  bob.send({ type: "say", text: "in two" });
  await eve.gets("said", m => m.text === "in two");
  await ada.gets("said", m => m.text === "in one");
  bob.send({ type: "say", text: "again" });
  await eve.gets("said", m => m.text === "again");
  assert.deepEqual(eve.said(), ["in two", "again"]);
  assert.deepEqual(ada.said(), ["in one"]);
  await ada.gets("rooms", m => m.rooms.some(r => r.name === "two" && r.people === 2));
  for (const guest of [ada, bob, eve]) guest.leave();
});

forEachBackend(test, "a name that is taken gets a number", kTwoLoops, async demo => {
  const first = await Guest.enter(demo, "lobby", "Sam");
  const second = await Guest.enter(demo, "lobby", " Sam ");
  const third = await Guest.enter(demo, "lobby", "Sam");
  assert.deepEqual(third.names(), ["Sam", "Sam 2", "Sam 3"]);
  for (const guest of [first, second, third]) guest.leave();
});

forEachBackend(test, "what is wrong is said, and the connection stays", [], async demo => {
  const guest = await Guest.enter(demo, "lobby");
  const wrong = ["not json", "[]", "{\"type\":\"dance\"}", { type: "say", text: "too early" },
                 { type: "join" }, { type: "join", name: "  " }, { type: "join", name: "a\u0000b" },
                 { type: "join", name: "x".repeat(25) }, { type: "join", name: 7 }];
  for (const message of wrong) guest.send(message);
  guest.socket.send(Buffer.from("binary"));
  const errors = () => guest.messages.filter(m => m.type === "error");
  await until(() => errors().length === wrong.length + 1, "an error for each");
  guest.send({ type: "join", name: "ö".repeat(24) });
  await guest.gets("welcome");
  guest.send({ type: "join", name: "again" });
  guest.send({ type: "say", text: "y".repeat(2001) });
  guest.send({ type: "say", text: "   " });
  guest.send({ type: "say", text: "fine" });
  await guest.gets("said");
  assert.equal(errors().length, wrong.length + 3);
  assert.deepEqual(guest.said(), ["fine"]);
  guest.leave();
});

forEachBackend(test, "many come, talk and go at once, and the list is right for those who stay", kTwoLoops,
               async demo => {
  const stay = await Promise.all(Array.from({ length: 8 }, (_, i) => Guest.enter(demo, "busy", `stay ${i}`)));
  const kVisitors = 120;
  await Promise.all(Array.from({ length: kVisitors }, async (_, i) => {
    const guest = await Guest.enter(demo, "busy", `visitor ${i}`);
    guest.send({ type: "say", text: `hello from ${i}` });
    await guest.gets("said", m => m.text === `hello from ${i}`);
    if (i % 2) guest.leave();
    else guest.socket.terminate();
  }));
  const expected = stay.map((_, i) => `stay ${i}`);
  for (const guest of stay) {
    await until(() => guest.names().length === stay.length, `only those who stay are left, not ${guest.names()}`);
    assert.deepEqual(guest.names(), expected);
    assert.equal(new Set(guest.said()).size, kVisitors);
  }
  // One person's words keep their order for everybody.
  for (let i = 0; i < 200; ++i) stay[0].send({ type: "say", text: `line ${i}` });
  for (const guest of stay) {
    await guest.gets("said", m => m.text === "line 199");
    assert.deepEqual(guest.said().filter(text => text.startsWith("line ")),
                     Array.from({ length: 200 }, (_, i) => `line ${i}`));
    guest.leave();
  }
});
