// What both browsers do on the demo's pages, through puppeteer-core and the browser Debian installs.
// Screenshots go to HYBI_ARTEFACTS, for people to look at.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { WebSocket } from "ws";
import { artefacts, fill, openPage, takePictures, textOf, textsOf, unnamedControls, untilText, withBrowser } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { Demo } from "./demo.mjs";

const looks = (page, demo, name) => takePictures(page, `${demo.label}-${name}`, demo.canEmulateScheme);

async function overviewIsLive(browser, demo, complaints) {
  const page = await openPage(browser, demo.url, complaints);
  await untilText(page, "#status", "live");
  await untilText(page, "#websockets", /^\d+$/);
  const before = Number(await textOf(page, "#websockets"));
  const socket = new WebSocket(demo.ws("/echo"));
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  await untilText(page, "#websockets", String(before + 1));

  const chatter = setInterval(() => socket.send("x".repeat(100)), 5);
  chatter.unref();  // a failure below ends the test all the same
  await until(async () => Number((await textOf(page, "#messages_in")).replace(",", "")) >= 20,
              "messages per second move");
  await until(() => page.$eval("#chart .in", path => path.getAttribute("d").includes("L")),
              "the chart has a line");
  await page.screenshot({ path: join(artefacts, `${demo.label}-overview-busy.png`) });
  clearInterval(chatter);
  socket.close();
  await untilText(page, "#websockets", String(before));
  assert.match(await textOf(page, "#engine"), new RegExp(`^${demo.backend}, \\d+ event loop`));
  await page.close();
}

async function echoComesBack(browser, demo, complaints) {
  const page = await openPage(browser, new URL("/echo", demo.url).href, complaints);
  await untilText(page, "#status", "open");

  await fill(page, "#text", "grüße, 世界 <b>not bold</b>");
  await page.click("#send-button");
  await untilText(page, "#log .received .what", "grüße, 世界 <b>not bold</b>");
  assert.match(await textOf(page, "#log .received .about"), /^text, 3\d B$/);
  assert.match(await textOf(page, "#rtt"), /^\d[\d.]* m?s$/);

  await page.click("input[name=kind][value=hex]");
  await fill(page, "#hex", "00 ff 10 80");
  await page.click("#send-button");
  await untilText(page, "#log .received .what", "00 ff 10 80");
  assert.equal(await textOf(page, "#log .received .about"), "binary, 4 B");

  await fill(page, "#hex", "0 0 f");
  await page.click("#send-button");
  await untilText(page, "#send-error", /pairs/);

  await page.click("input[name=kind][value=text]");
  await page.click("#burst");
  await untilText(page, "#received", "102");

  await fill(page, "#code", "4321");
  await fill(page, "#reason", "seen enough");
  await page.click("#close-button");
  await untilText(page, "#closed", /^Closed with 4321.*: private.*Both sides said goodbye\.$/);
  assert.equal(await textOf(page, "#status"), "closed");

  await page.click("#reconnect");
  await untilText(page, "#status", "open");
  await page.close();
}

// Both browsers offer to compress, and the demo accepts.
async function echoIsCompressed(browser, demo, complaints) {
  const page = await openPage(browser, new URL("/echo", demo.url).href, complaints);
  const talk = await page.evaluate(url => new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const text = "grüße, 世界 ".repeat(1000);
    let echoes = 0;
    socket.onerror = () => reject(new Error("the socket failed"));
    socket.onopen = () => { for (let i = 0; i < 20; ++i) socket.send(text + i); };
    socket.onmessage = event => {
      if (event.data !== text + echoes++) reject(new Error(`echo ${echoes} differs`));
      if (echoes === 20) socket.close(1000, "done");
    };
    socket.onclose = event => resolve({ extensions: socket.extensions, code: event.code, clean: event.wasClean, echoes });
  }), demo.ws("/echo").replace("127.0.0.1", "localhost"));
  assert.match(talk.extensions, /^permessage-deflate/);
  assert.deepEqual({ ...talk, extensions: "" }, { extensions: "", code: 1000, clean: true, echoes: 20 });
  await page.close();
}

// More than the demo was told to take: the page shows why it was closed.
async function tooBigIsExplained(browser, demo, complaints) {
  const page = await openPage(browser, new URL("/echo", demo.url).href, complaints);
  await untilText(page, "#status", "open");
  await page.$eval("#text", node => { node.value = "x".repeat(70_000); });
  await page.click("#send-button");
  await untilText(page, "#closed", /^Closed with 1009 .*message too big/);
  await page.close();
}

async function chatTalks(browser, demo, complaints) {
  const url = new URL("/chat/kitchen", demo.url).href;
  const ada = await openPage(browser, url, complaints);
  const bob = await openPage(browser, url, complaints);
  for (const [page, name] of [[ada, "Ada"], [bob, "Bob"]]) {
    await page.bringToFront();
    await untilText(page, "#status", "connected");
    await fill(page, "#name", name);
    await page.click("#join-button");
    await until(async () => (await textsOf(page, "#people li")).includes(`${name} (you)`), `${name} is in`);
  }
  await until(async () => (await textsOf(ada, "#people li")).join() === "Ada (you),Bob", "Ada sees Bob");
  assert.deepEqual(await textsOf(bob, "#people li"), ["Ada", "Bob (you)"]);
  await until(async () => (await textsOf(ada, "#said .news")).includes("Bob joined"), "Bob is announced");
  await until(async () => (await textsOf(ada, "#rooms a")).join() === "#kitchen2", "the room is listed");

  const say = async (page, text) => {
    await page.bringToFront();
    await fill(page, "#message", text);
    await page.click("#say-button");
  };
  const hears = (page, text) => until(
    async () => (await textsOf(page, "#said .text")).includes(text), `hears ${text}`);
  await say(ada, "Is anybody here?");
  await hears(bob, "Is anybody here?");
  await say(bob, "<img src=x onerror=alert(1)> I am");
  await hears(ada, "<img src=x onerror=alert(1)> I am");
  await hears(bob, "<img src=x onerror=alert(1)> I am");
  assert.equal(await ada.$("#said img"), null, "what people write is not markup");

  await looks(ada, demo, "chat-talk");
  await bob.close();
  await until(async () => (await textsOf(ada, "#said .news")).includes("Bob left"), "Bob's leaving is announced");
  assert.deepEqual(await textsOf(ada, "#people li"), ["Ada (you)"]);
  await ada.close();
}

async function everyPageLooksRight(browser, demo, complaints) {
  for (const [name, path, ready] of [["overview", "/", "live"], ["echo", "/echo", "open"],
                                     ["chat", "/chat", "connected"], ["board", "/board", "connected"]]) {
    const page = await openPage(browser, new URL(path, demo.url).href, complaints);
    await untilText(page, "#status", ready);
    if (name === "echo") {
      await page.click("#send-button");
      await untilText(page, "#received", "1");
    }
    if (name === "overview") await until(async () => await textOf(page, "#messages_out") !== "–", "numbers");
    await looks(page, demo, name);
    assert.deepEqual(await unnamedControls(page), [], "every control has a label");
    await page.close();
  }
}

// A page that is not there says so, with its status.
async function missingPageSaysSo(browser, demo) {
  const page = await browser.newPage();
  const answer = await page.goto(new URL("/nowhere", demo.url).href);
  assert.equal(answer.status(), 404);
  await untilText(page, "h1", "Nothing here");
  await page.close();
}

// The server goes: the page notices.
async function goodbyeIsShown(browser, demo, complaints) {
  const page = await openPage(browser, new URL("/echo", demo.url).href, complaints);
  await untilText(page, "#status", "open");
  demo.signal("SIGTERM");
  await untilText(page, "#closed", /^Closed with 1001 .*going away/);
  assert.deepEqual(await demo.end(), { code: 0, signal: null });
  await page.close();
}

// Runs everything with the browser at `executablePath`.
export function testBrowser(name, launch) {
  test(`the demo in ${name}`, async t => {
    const demo = await Demo.start("--threads", "2", "--max-message", "65536", "--shutdown-timeout", "3");
    demo.label = name;
    demo.canEmulateScheme = name === "chromium";
    try {
      await withBrowser(launch, async browser => {
        const complaints = [];
        const steps = { overviewIsLive, echoComesBack, echoIsCompressed, tooBigIsExplained, chatTalks, everyPageLooksRight,
                        missingPageSaysSo };
        for (const [step, run] of Object.entries(steps)) await t.test(step, () => run(browser, demo, complaints));
        assert.deepEqual(complaints, [], "no page complains");
        await t.test("goodbyeIsShown", () => goodbyeIsShown(browser, demo, complaints));
      });
    } finally {
      await demo.stop();
    }
  });
}
