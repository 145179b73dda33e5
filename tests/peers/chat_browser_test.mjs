// The chat page in Chromium while the network under it and the server are stopped and started again: everything that
// can be had is shown once, and what cannot be had is told.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { Hybi } from "../../js/hybi.js";
import { chromium, fill, openPage, takePictures, textOf, textsOf, untilText, withBrowser } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { Demo } from "./demo.mjs";
import { Network } from "./network.mjs";

const kFlags = ["--threads", "2", "--shutdown-timeout", "0"];
const said = page => textsOf(page, "#said .text");
const news = page => textsOf(page, "#said .news");
const people = page => textsOf(page, "#people li");

async function join(page, name) {
  await page.bringToFront();
  await untilText(page, "#status", "connected");
  await fill(page, "#name", name);
  await page.click("#join-button");
  await until(async () => (await people(page)).includes(`${name} (you)`), `${name} is in`);
  await untilText(page, "#status", "connected");
}

async function say(page, text) {
  await page.bringToFront();
  await fill(page, "#message", text);
  await page.click("#say-button");
}

const shows = (page, texts) => until(async () => JSON.stringify(await said(page)) === JSON.stringify(texts),
                                     `the page shows ${texts}`).catch(async error => { throw new Error(`${error.message}, but ${await said(page)}`); });
const tells = (page, what) => until(async () => (await news(page)).some(text => what.test(text)), `the page tells ${what}`);
// A test that failed would wait for them for ever.
const opened = [];
after(() => opened.forEach(hybi => hybi.close()));

// Somebody with a client of their own.
async function foreign(demo, name, room) {
  const hybi = new Hybi(demo.ws("/chat"), { WebSocket, token: JSON.stringify({ name, id: `secret of ${name}` }) });
  const there = hybi.subscribe(`chat/${room}`, { history: 100 });
  const said = [];
  there.on("message", ({ data }) => said.push(data));
  opened.push(hybi);
  hybi.connect();
  await until(() => there.state === "subscribed", `${name} is in ${room}`);
  return { hybi, there, said };
}
const nothingWaits = page => until(async () => (await page.$$("#said .waiting")).length === 0, "nothing waits to be sent");

// Each with its own network.
async function withTwoPages(body) {
  await withBrowser(chromium, async browser => {
    const world = { demo: await Demo.start(...kFlags) };
    const networks = [await Network.to(world.demo.port), await Network.to(world.demo.port)];
    // A browser complains of connections that fail, as they do here.
    const complaints = [];
    const [ada, bob] = await Promise.all(networks.map(async network => {
      const context = await browser.createBrowserContext();
      return openPage(context, `http://127.0.0.1:${network.port}/chat/kitchen`, complaints);
    }));
    world.restart = async () => {
      await world.demo.stop();
      world.demo = await Demo.start(...kFlags);
      for (const network of networks) network.target = world.demo.port;
    };
    try {
      await join(ada, "Ada");
      await join(bob, "Bob");
      await body({ ...world, world, networks, ada, bob });
      assert.deepEqual(complaints.filter(text => !/WebSocket connection to|Failed to load resource/.test(text)), []);
    } finally {
      for (const network of networks) network.close();
      await world.demo.stop();
    }
  });
}

test("who enters sees what was said before, and may go to another room", () => withTwoPages(async ({ networks, ada, bob }) => {
  await say(ada, "one");
  await say(ada, "two");
  await shows(bob, ["one", "two"]);
  await bob.click("#leave");
  await tells(ada, /^Bob left$/);
  await join(bob, "Bob");
  await shows(bob, ["one", "two"]);
  await tells(bob, /^You are in #kitchen as Bob\.$/);
  assert.deepEqual(await people(bob), ["Ada", "Bob (you)"]);

  await bob.bringToFront();
  await fill(bob, "#other-room", "garden");
  await bob.click("#go button");
  await untilText(bob, "#room-title", "#garden");
  await tells(bob, /^You are in #garden as Bob\.$/);
  assert.equal(new URL(bob.url()).pathname, "/chat/garden");
  await say(bob, "nice here");
  await shows(bob, ["nice here"]);
  await until(async () => (await people(ada)).join() === "Ada (you)", "Bob has left the kitchen");
  await until(async () => (await textsOf(bob, "#rooms a")).sort().join() === "#garden1,#kitchen1", "both rooms are listed");
  await bob.evaluate(() => window.history.back());
  await shows(bob, ["one", "two"]);
  await until(async () => (await people(bob)).join() === "Ada,Bob (you)", "Bob is in the kitchen again");
  assert.deepEqual(await said(ada), ["one", "two"]);

  // Loaded again, the page still knows which words were its own.
  await ada.reload();
  await join(ada, "Ada");
  await shows(ada, ["one", "two"]);
  assert.deepEqual(await textsOf(ada, "#said .own .text"), ["one", "two"]);
  assert.equal(networks.length, 2);
}));

test("a network that stops and starts again loses nothing and repeats nothing", () => withTwoPages(async ({ networks, ada, bob }) => {
  await say(ada, "before");
  await shows(bob, ["before"]);
  networks[0].stop();
  await untilText(ada, "#status", /^no connection/);
  await tells(ada, /^The connection is lost/);
  await say(bob, "meanwhile 1");
  await say(bob, "meanwhile 2");
  await shows(bob, ["before", "meanwhile 1", "meanwhile 2"]);
  await say(ada, "written without a network 1");
  await say(ada, "written without a network 2");
  assert.equal((await ada.$$("#said .waiting")).length, 2);
  await takePictures(ada, "chat-offline");
  networks[0].start();
  const all = ["before", "meanwhile 1", "meanwhile 2", "written without a network 1", "written without a network 2"];
  for (const page of [ada, bob]) await shows(page, all);
  await nothingWaits(ada);
  await tells(ada, /^The connection is back; nothing is missing\.$/);
  await until(async () => (await people(ada)).join() === "Ada (you),Bob", "Ada sees who is here");

  // Cut again and again while both talk.
  for (let round = 0; round < 4; ++round) {
    await say(ada, `ada ${round}`);
    networks[round % 2].stop();
    await say(bob, `bob ${round}`);
    networks[round % 2].start();
  }
  const wanted = [...all, ...[0, 1, 2, 3].flatMap(round => [`ada ${round}`, `bob ${round}`])].sort();
  for (const page of [ada, bob]) {
    await until(async () => (await said(page)).length >= wanted.length, "all is there");
    await nothingWaits(page);
    assert.deepEqual((await said(page)).sort(), wanted);
  }
  assert.deepEqual(await said(ada), await said(bob), "in one order");
  assert.ok(![...await news(ada), ...await news(bob)].some(text => /forgotten/.test(text)));
}));

test("a server that is started anew: nothing comes twice, what waits is sent, and the pages say what may be missing",
     () => withTwoPages(async ({ world, networks, ada, bob }) => {
  await say(ada, "said to the old server");
  await shows(bob, ["said to the old server"]);
  await nothingWaits(ada);
  await Promise.all([world.demo.stop(), untilText(ada, "#status", /^no connection/), untilText(bob, "#status", /^no connection/)]);
  await say(ada, "from Ada, without a server");
  await say(bob, "from Bob, without a server");
  world.demo = await Demo.start(...kFlags);
  for (const network of networks) network.target = world.demo.port;
  const all = ["from Ada, without a server", "from Bob, without a server", "said to the old server"];
  for (const page of [ada, bob]) {
    await untilText(page, "#status", "connected");
    await until(async () => (await said(page)).length >= all.length, "all is there");
    await nothingWaits(page);
    await tells(page, /^The connection is back, but the server has forgotten/);
  }
  await say(ada, "on the new server");
  for (const page of [ada, bob]) {
    await until(async () => (await said(page)).at(-1) === "on the new server", "they hear each other again");
    assert.deepEqual((await said(page)).slice(0, -1).sort(), all);
    await until(async () => (await people(page)).length === 2, "both are here");
  }
  assert.deepEqual(await people(ada), ["Ada (you)", "Bob"]);
  await takePictures(ada, "chat-restarted");

  // At once, with what was just said still on its way.
  await say(bob, "on its way");
  await world.restart();
  for (const page of [ada, bob]) {
    await until(async () => (await said(page)).at(-1) === "on its way", "it came");
    await nothingWaits(page);
    assert.equal((await said(page)).length, 5);
  }
  assert.equal(await textOf(ada, "#error"), "");
}));

test("words with ids like ours are not taken for ours, whoever wrote them", () => withTwoPages(async ({ demo, ada, bob }) => {
  await say(ada, "by Ada");
  await shows(bob, ["by Ada"]);
  const eve = await foreign(demo, "Eve", "kitchen");
  await until(() => eve.said.length === 1, "Eve hears Ada");
  const id = eve.said[0].id.replace(/\..*/, ".forged");
  await eve.there.publish({ id, name: "Eve", text: "by Eve", at: Date.now() });
  const own = page => textsOf(page, "#said .own .text");
  for (const page of [ada, bob]) await shows(page, ["by Ada", "by Eve"]);
  assert.deepEqual(await own(ada), ["by Ada"]);

  // With the whole history there before the page knows its own name.
  await ada.reload();
  await join(ada, "Ada");
  await shows(ada, ["by Ada", "by Eve"]);
  await tells(ada, /^You are in #kitchen as Ada\.$/);
  assert.deepEqual(await own(ada), ["by Ada"]);
  assert.deepEqual((await textsOf(ada, "#said .who")).map(text => text.replace(/\d.*/, "")), ["you", "Eve"]);

  // Nor in the name that was ours: it is somebody else's now.
  await ada.evaluate(() => sessionStorage.setItem("hybi-secret", "another"));
  await ada.reload();
  await join(ada, "Ada 2");
  await shows(ada, ["by Ada", "by Eve"]);
  assert.deepEqual(await own(ada), []);
  eve.hybi.close();
}));

test("what waits for a new server goes to its room, in the name that this one gives us", () => withTwoPages(async ({ world, networks, ada, bob }) => {
  await say(ada, "before");
  await shows(bob, ["before"]);
  networks[0].stop();
  await untilText(ada, "#status", /^no connection/);
  await say(ada, "for the kitchen 1");
  await say(ada, "for the kitchen 2");
  await world.restart();
  await untilText(bob, "#status", "connected");
  const other = await foreign(world.demo, "Ada", "kitchen");
  networks[0].start();
  await tells(ada, /^The connection is back, but the server has forgotten/);
  await shows(ada, ["before", "for the kitchen 1", "for the kitchen 2"]);
  await nothingWaits(ada);
  await shows(bob, ["before", "for the kitchen 1", "for the kitchen 2"]);
  await until(async () => (await people(ada)).join() === "Ada,Ada 2 (you),Bob", "Ada has another name now");
  assert.deepEqual(await textsOf(ada, "#said .own .text"), ["before", "for the kitchen 1", "for the kitchen 2"]);
  assert.deepEqual(other.said.map(({ name, text }) => `${name}: ${text}`), ["Ada 2: for the kitchen 1", "Ada 2: for the kitchen 2"]);

  // The same, and meanwhile she has gone to another room.
  networks[0].stop();
  await untilText(ada, "#status", /^no connection/);
  await say(ada, "for the kitchen 3");
  await fill(ada, "#other-room", "garden");
  await ada.click("#go button");
  await untilText(ada, "#room-title", "#garden");
  await say(ada, "for the garden");
  await world.restart();
  const again = await Promise.all(["Ada", "Ada 2"].map(name => foreign(world.demo, name, "kitchen")));
  networks[0].start();
  await shows(ada, ["for the garden"]);
  await nothingWaits(ada);
  await shows(bob, ["before", "for the kitchen 1", "for the kitchen 2", "for the kitchen 3"]);
  assert.deepEqual(again[0].said.map(({ text }) => text), ["for the kitchen 3"]);
  await until(async () => (await people(bob)).join() === "Ada,Ada 2,Bob (you)", "she has left the kitchen as Ada 3");
  await fill(ada, "#other-room", "kitchen");
  await ada.click("#go button");
  await shows(ada, ["for the kitchen 3"]);
  for (const { hybi } of [other, ...again]) hybi.close();
}));
