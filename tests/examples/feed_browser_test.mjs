// examples/feed in Chromium: both columns show the same, also after they were cut off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium, fill, openPage, takePictures, textOf, textsOf, unnamedControls, untilText, withBrowser } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { withExample } from "./example.mjs";

const kColumns = ["#events", "#socket"];

test("feed in Chromium", () => withBrowser(chromium, browser => withExample("feed", async example => {
  const complaints = [];
  const page = await openPage(browser, example.url("/"), complaints);
  const received = async column => {
    const counts = await textOf(page, `${column} .counts`);
    assert.match(counts, /^\d+ received, 0 missing, 0 twice$/);
    return parseInt(counts, 10);
  };
  const untilReceived = (column, count) => until(async () => await received(column) >= count, `${column} has ${count}`);
  for (const column of kColumns) {
    await untilText(page, `${column} .status`, "connected");
    await untilText(page, `${column} .hello`, /^Connection 1: began/);
    await untilReceived(column, 5);
  }
  await fill(page, "#text", "<b>not bold</b> & more");
  await page.click("#post button");
  for (const column of kColumns) {
    await until(async () => (await textsOf(page, `${column} li`)).some(text => text.endsWith("<b>not bold</b> & more")), "is published");
  }

  // Twice, in the middle of items: the browser brings its events back, the page its WebSocket.
  for (const connection of [2, 3]) {
    await page.click("#cut");
    for (const column of kColumns) {
      await untilText(page, `${column} .hello`, new RegExp(`^Connection ${connection}: came back with item [1-9]\\d*, had missed \\d+\\.$`));
      await untilText(page, `${column} .status`, "connected");
      await untilReceived(column, await received(column) + 5);
    }
  }
  // received() has seen to it that nothing is missing and nothing came twice.
  await until(async () => {
    const [events, socket] = await page.evaluate(columns => columns.map(column =>
      Array.from(document.querySelectorAll(`${column} li`), line => line.textContent)), kColumns);
    return events.filter(line => socket.includes(line)).length >= 20;
  }, "the same in both columns");

  assert.deepEqual(await unnamedControls(page), []);
  await takePictures(page, "feed");
  assert.deepEqual(complaints, []);
}, "20")));
