// examples/todo in Chromium: two pages see each other's changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium, fill, openPage, takePictures, unnamedControls, untilText, withBrowser } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { withExample } from "./example.mjs";

// What a page shows, as text: "[x] bread".
const shown = page => page.$$eval("#todos li", lines => lines.map(line => {
  const [done, title] = line.querySelectorAll("input");
  return `[${done.checked ? "x" : " "}] ${title.value}`;
}));

test("todo in Chromium", () => withBrowser(chromium, browser => withExample("todo", async example => {
  const complaints = [];
  const ada = await openPage(browser, example.url("/"), complaints);
  const bob = await openPage(browser, example.url("/"), complaints);
  for (const page of [ada, bob]) await untilText(page, "#status", "connected");
  const bothShow = (...lines) => until(async () => {
    const [hers, his] = [await shown(ada), await shown(bob)];
    return [hers, his].every(got => JSON.stringify(got) === JSON.stringify(lines));
  }, `both show ${lines}`);
  const add = async (page, title) => {
    await page.bringToFront();
    await fill(page, "#title", title);
    await page.click("#add button");
  };

  await add(ada, "buy oat milk");
  await bothShow("[ ] buy oat milk");
  await add(bob, "<b>be</b> bold & brave");
  await bothShow("[ ] buy oat milk", "[ ] <b>be</b> bold & brave");
  await add(ada, "read the headers of the library, all of them, from the first line to the last one");
  await until(async () => (await shown(bob)).length === 3, "a third");

  await bob.bringToFront();
  await bob.click("#todos li:nth-child(1) input[type=checkbox]");
  await until(async () => (await shown(ada))[0] === "[x] buy oat milk", "Ada sees it done");
  await untilText(ada, "#left", "2 of 3 left");
  await takePictures(ada, "todo");
  await ada.bringToFront();
  const title = "#todos li:nth-child(1) input:not([type])";
  await ada.click(title, { clickCount: 3 });
  await ada.type(title, "buy rye bread");
  await ada.keyboard.press("Enter");
  await until(async () => (await shown(bob))[0] === "[x] buy rye bread", "Bob sees its new title");
  await ada.click("#todos li:nth-child(3) button");
  await bothShow("[x] buy rye bread", "[ ] <b>be</b> bold & brave");

  // What the service refuses is explained, and shown as it is.
  await ada.$eval("#title", node => { node.value = "grüße".repeat(40); });  // 200 characters, more bytes
  await ada.click("#add button");
  await untilText(ada, "#problem", "a title has 1 to 200 bytes");
  await until(() => complaints.length > 0, "Chromium complains about the 422");
  assert.match(complaints.shift(), /422/);
  await bothShow("[x] buy rye bread", "[ ] <b>be</b> bold & brave");

  // Changed by another program, and a page that comes later.
  await fetch(example.url("/todos/1"), { method: "DELETE" });
  await bothShow("[ ] <b>be</b> bold & brave");
  await bob.reload();
  await bothShow("[ ] <b>be</b> bold & brave");
  assert.deepEqual(await unnamedControls(ada), []);
  await takePictures(ada, "todo-problem");
  assert.deepEqual(complaints, []);
})));
