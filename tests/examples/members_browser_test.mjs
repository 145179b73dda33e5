// examples/members in Chromium: log in, talk, log out elsewhere, be disconnected.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium, fill, openPage, takePictures, textOf, textsOf, unnamedControls, untilText, withBrowser } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { withExample } from "./example.mjs";

const submit = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

async function logIn(page, name, password) {
  await page.bringToFront();
  await fill(page, "#name", name);
  await fill(page, "#password", password);
  await submit(page, "form[action='/login'] button");
}

async function say(page, text) {
  await page.bringToFront();
  await fill(page, "#text", text);
  await page.click("#say button");
}

const hears = (page, text) => until(async () => (await textsOf(page, "#said span")).includes(text), `hears ${text}`);
const idOf = async context => (await context.cookies()).find(cookie => cookie.name === "sid");

test("members in Chromium", () => withBrowser(chromium, browser => withExample("members", async example => {
  const complaints = [];
  // Complaints that are due, and no others.
  const expectComplaint = async what => {
    await until(() => complaints.length > 0, `Chromium complains: ${what}`);
    assert.match(complaints.shift(), what);
    assert.deepEqual(complaints, []);
  };
  const [home, away] = [await browser.createBrowserContext(), await browser.createBrowserContext()];

  const ada = await openPage(home, example.url("/members/chat"), complaints);
  assert.equal(ada.url(), example.url("/login"), "sent to the login");
  await takePictures(ada, "members-login");
  assert.deepEqual(await unnamedControls(ada), []);
  const refused = await ada.evaluate(url => new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onclose = event => resolve(event.code);
  }), example.ws("/members/chat/live"));
  assert.equal(refused, 1006);
  await expectComplaint(/WebSocket.*(HTTP Authentication failed|Unexpected response code: 401)/);  // both are its words for 401

  await logIn(ada, "ada", "babbage");
  await untilText(ada, "#problem", "Wrong name or password.");
  await expectComplaint(/401/);
  await takePictures(ada, "members-wrong");

  const before = await idOf(home);
  await logIn(ada, "ada", "lovelace");
  assert.equal(ada.url(), example.url("/members"));
  assert.equal(await textOf(ada, "h1"), "Hello, ada");
  const after = await idOf(home);
  assert.ok(before && after.httpOnly);
  assert.notEqual(after.value, before.value, "a new id with the login");
  await takePictures(ada, "members-home");
  await ada.goto(example.url("/members/chat"));
  await untilText(ada, "#status", "connected");

  const grace = await openPage(away, example.url("/login"), complaints);
  await logIn(grace, "grace", "hopper");
  await grace.goto(example.url("/members/chat"));
  await untilText(grace, "#status", "connected");
  await hears(ada, "grace joined");

  await say(ada, "Is anybody here?");
  await hears(grace, "Is anybody here?");
  await say(grace, "<img src=x onerror=alert(1)> I am");
  for (const page of [ada, grace]) await hears(page, "<img src=x onerror=alert(1)> I am");
  assert.equal(await ada.$("#said img"), null, "what members write is not markup");
  assert.deepEqual(await textsOf(ada, "#said .own span"), ["Is anybody here?"]);
  assert.deepEqual(await unnamedControls(ada), []);
  await takePictures(ada, "members-chat");

  // A second tab of Ada's browser.
  const tab = await openPage(home, example.url("/members"), complaints);
  await submit(tab, "#logout");
  assert.equal(tab.url(), example.url("/login"));
  await ada.bringToFront();
  await untilText(ada, "#problem", "You have been logged out elsewhere. Log in again");
  assert.equal(await textOf(ada, "#status"), "closed");
  assert.equal(await ada.$eval("#text", node => node.disabled), true);
  await hears(grace, "ada left");
  await takePictures(ada, "members-logged-out");
  await submit(ada, "#problem a");
  assert.equal(ada.url(), example.url("/login"));
  assert.equal(await textOf(grace, "#status"), "connected", "others stay");

  // A form whose session has ended in the meantime.
  await tab.goto(example.url("/login"));
  await home.deleteCookie(await idOf(home));
  await logIn(tab, "ada", "lovelace");
  assert.match(await textOf(tab, "#problem"), /does not prove/);
  await expectComplaint(/403/);
  await takePictures(tab, "members-problem");
  assert.deepEqual(complaints, []);
})));
