// examples/upload in Chromium: the bar moves as the server says, what is too large is explained.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chromium, openPage, takePictures, textOf, textsOf, unnamedControls, untilText, withBrowser } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { withExample } from "./example.mjs";

// Files to send, and a folder to receive them in.
function withFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), "hybi-upload-browser-"));
  mkdirSync(join(folder, "mine"));
  return body(folder).finally(() => rmSync(folder, { recursive: true }));
}

test("upload in Chromium", () => withFolder(folder => withBrowser(chromium, browser => withExample("upload", async example => {
  const complaints = [];
  const expectComplaint = async what => {
    await until(() => complaints.length > 0, `Chromium complains: ${what}`);
    assert.match(complaints.shift(), what);
    assert.deepEqual(complaints, []);
  };
  const stored = name => readdirSync(join(folder, name));
  const file = (name, bytes) => {
    const path = join(folder, "mine", name);
    writeFileSync(path, Buffer.alloc(bytes, name));
    return path;
  };
  const page = await openPage(browser, example.url("/"), complaints);
  const other = await openPage(browser, example.url("/"), complaints);
  for (const tab of [page, other]) await untilText(tab, "#status", "connected");
  await page.bringToFront();
  await takePictures(page, "upload-empty");
  assert.deepEqual(await unnamedControls(page), []);

  const upload = async path => {
    await (await page.$("#file")).uploadFile(path);
    await page.click("#send");
  };
  // Every value that the bar has had.
  await page.evaluate(() => {
    window.steps = [];
    new MutationObserver(() => window.steps.push(document.getElementById("progress").value))
      .observe(document.getElementById("progress"), { attributes: true, attributeFilter: ["value"] });
  });
  await upload(file("holiday.bin", 6 << 20));
  await untilText(page, "#done", "holiday.bin is here.");
  const steps = await page.evaluate(() => window.steps);
  assert.ok(new Set(steps).size >= 3, `the bar had ${steps}`);
  assert.deepEqual(steps, [...steps].sort((a, b) => a - b), "never back");
  assert.equal(await textOf(page, "#percent"), "100 %");
  for (const tab of [page, other]) {
    await until(async () => (await textsOf(tab, "#files li")).join() === "holiday.bin6.0 MiB", "both pages list it");
  }
  assert.equal(statSync(join(folder, "files", "holiday.bin")).size, 6 << 20);
  const length = await page.evaluate(async () => (await (await fetch(document.querySelector("#files a").href)).arrayBuffer()).byteLength);
  assert.equal(length, 6 << 20);
  await upload(file("notes for <you> & me #1.txt", 1500));
  await untilText(page, "#done", "notes for you & me #1.txt is here.");
  await takePictures(page, "upload-done");

  // One byte too much, and far too much: the answer comes while the browser is still sending.
  for (const bytes of [(8 << 20) + 1, 40 << 20]) {
    await upload(file(`${bytes}.bin`, bytes));
    await untilText(page, "#problem", "That is too large: a file may have 8 MiB at most.");
    await until(() => page.$eval("#send", node => !node.disabled), "another may be sent");
    await expectComplaint(/413|ERR_CONNECTION/);
    assert.equal(await textOf(page, "#done"), "");
    await until(() => stored("incoming").length === 0, "nothing is left of it");
    assert.equal(stored("files").length, 2);
  }
  assert.equal(await page.$eval("#sending", node => node.hidden), true);
  await takePictures(page, "upload-too-large");
  assert.deepEqual(complaints, []);
}, folder))));
