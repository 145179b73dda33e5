// The board in Chromium: what one draws the others see, with keys and fingers too, and nothing is lost when the network
// goes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fill, takePictures, textOf, unnamedControls, untilText } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { draw, inked, kFlags, place, strokes, untilInked, untilStrokes, withBoard } from "./board.mjs";
import { Demo } from "./demo.mjs";
import { Network } from "./network.mjs";

test("what one draws all see, whoever comes later too", () => withBoard(async ({ page }) => {
  const [ada, bob] = [await page(), await page()];
  await ada.bringToFront();
  await fill(ada, "#name", "Ada");
  await ada.keyboard.press("Enter");
  await untilText(ada, "#status", "connected");
  await untilText(bob, "#here", "2 here");
  await draw(ada, [[.2, .2], [.8, .2], [.8, .5]]);
  await untilInked(bob, .5, .2);
  await untilInked(bob, .8, .4);
  await untilStrokes(ada, 1);

  // While it is drawn, the other sees it grow on the canvas of what moves; the cursor of who draws, too.
  await ada.bringToFront();
  await ada.mouse.move(...await place(ada, .2, .7));
  await ada.mouse.down();
  await ada.mouse.move(...await place(ada, .6, .7), { steps: 30 });
  await until(() => bob.$eval("#board", node => node.dataset.cursors === "1"), "Bob sees a cursor");
  assert.equal(await strokes(bob), 1);
  await ada.mouse.up();
  await untilStrokes(bob, 2);

  // With keys.
  await bob.bringToFront();
  await bob.click("input[name=colour][value='4']");
  await bob.focus("#board");
  await bob.keyboard.press("ArrowDown");
  await bob.keyboard.press("Space");
  for (let i = 0; i < 5; ++i) await bob.keyboard.press("ArrowRight");
  await bob.keyboard.press("Space");
  await untilInked(ada, .5 + .017, .51);
  assert.deepEqual(await unnamedControls(bob), []);

  const late = await page();
  await untilStrokes(late, 3);
  await untilInked(late, .5, .2);
  await takePictures(late, "board-late");
  await late.bringToFront();
  await late.click("#clear");
  for (const each of [ada, bob, late]) {
    await untilStrokes(each, 0);
    await until(async () => (await inked(each, .5, .2)) === 0, "the board is empty");
  }
  await draw(late, [[.1, .1], [.1, .9]]);
  await untilStrokes(await page(), 1);
}));

test("fingers draw on a phone, and the page does not move under them", () => withBoard(async ({ page }) => {
  const [phone, other] = [await page(), await page()];
  await phone.setViewport({ width: 390, height: 844, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await phone.bringToFront();
  await until(async () => (await place(phone, 1, 0))[0] < 390, "the board fits");
  const [first, ...rest] = [[.2, .2], [.3, .5], [.5, .7], [.7, .3]];
  await phone.touchscreen.touchStart(...await place(phone, ...first));
  for (const point of rest) await phone.touchscreen.touchMove(...await place(phone, ...point));
  await phone.touchscreen.touchEnd();
  await untilStrokes(other, 1);
  await untilInked(other, .2, .2);
  assert.equal(await phone.evaluate(() => window.scrollY), 0);
}));

test("strokes that are drawn without a network come when it is back; after a restart of the server the page says what it has",
     () => withBoard(async world => {
  const network = await Network.to(world.demo.port);
  const [ada, bob] = [await world.page(network.port), await world.page()];
  await draw(ada, [[.1, .1], [.4, .1]]);
  await untilStrokes(bob, 1);
  network.stop();
  await untilText(ada, "#status", /^no connection/);
  await draw(ada, [[.1, .3], [.4, .3]]);
  await draw(ada, [[.1, .5], [.4, .5]]);
  await draw(bob, [[.6, .1], [.9, .1]]);
  await untilStrokes(bob, 2);
  assert.equal(await strokes(ada), 1);
  network.start();
  for (const page of [ada, bob]) await untilStrokes(page, 4);
  assert.equal(await textOf(ada, "#note"), "");

  await world.demo.stop();
  await untilText(ada, "#status", /^no connection/);
  await draw(ada, [[.1, .7], [.4, .7]]);
  world.demo = await Demo.start(...kFlags);
  network.target = world.demo.port;
  await untilStrokes(ada, 5);
  await untilText(ada, "#note", /^The server has forgotten/);
  const late = await world.page();
  await untilStrokes(late, 1);
  network.close();
}));

test("whatever others send, the page keeps a bounded part of it", () => withBoard(async ({ page }) => {
  const ada = await page();
  const kept = await ada.evaluate(async () => {
    const { BoardView, kMaxCursors, kMaxPoints } = await import("/assets/board_view.js");
    const canvas = () => document.createElement("canvas");
    const view = new BoardView(document.createElement("div"), canvas(), canvas(), () => {});
    let points = 0;
    for (let i = 0; i < 10 * kMaxPoints; ++i) {
      view.point("eve", [i % 1500, i % 1000, 7, 1, 4]);  // one stroke without an end
      points = Math.max(points, view.points);
    }
    view.point("bob", [1, 1, 1, 1, 4]);
    for (let i = 0; i < 10 * kMaxCursors; ++i) view.point(`guest ${i}`, [1, 1]);
    const { cursors } = view;
    view.point("bob", [2, 2, 1, 1, 4]);
    return { points, of: kMaxPoints, cursors, ofCursors: kMaxCursors, drawing: view.points };
  });
  assert.equal(kept.points, kept.of);
  assert.equal(kept.cursors, kept.ofCursors);
  assert.equal(kept.drawing, kept.of + 2, "who was there goes on drawing");
}));
