// For the tests of the demo's board: pages that show it, and drawing on them.
import assert from "node:assert/strict";
import { chromium, openPage, untilText, withBrowser } from "../browser.mjs";
import { until } from "../waiting.mjs";
import { Demo } from "./demo.mjs";

export const kFlags = ["--threads", "2", "--shutdown-timeout", "0"];
export const strokes = page => page.$eval("#board", node => Number(node.dataset.strokes));
export const untilStrokes = (page, count) => until(async () => (await strokes(page)) === count, `${count} strokes`)
  .catch(async error => { throw new Error(`${error.message}, not ${await strokes(page)}`); });

// `prepare` runs in the page before its own scripts.
async function openBoard(context, port, complaints, prepare) {
  const prepared = { newPage: async () => {
    const page = await context.newPage();
    if (prepare) await page.evaluateOnNewDocument(prepare);
    return page;
  } };
  const page = await openPage(prepared, `http://127.0.0.1:${port}/board`, complaints);
  await untilText(page, "#status", "connected");
  await untilText(page, "#here", /^\d+ here$/);
  return page;
}

// Where a place of the board, in parts of its size, is on the page.
export async function place(page, x, y) {
  const box = await page.$eval("#board", node => { const { left, top, width, height } = node.getBoundingClientRect(); return { left, top, width, height }; });
  return [box.left + x * box.width, box.top + y * box.height];
}

export async function draw(page, points, steps = 8) {
  await page.bringToFront();
  await page.mouse.move(...await place(page, ...points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...await place(page, ...point), { steps });
  await page.mouse.up();
}

// How many pixels around that place are inked.
export const inked = (page, x, y) => page.$eval("#ink", (canvas, x, y) => {
  const { data } = canvas.getContext("2d").getImageData(x * canvas.width - 4, y * canvas.height - 4, 8, 8);
  return data.filter((value, i) => i % 4 === 3 && value > 128).length;
}, x, y);
export const untilInked = (page, x, y) => until(async () => (await inked(page, x, y)) > 0, `ink at ${x}, ${y}`);

export async function withBoard(body) {
  await withBrowser(chromium, async browser => {
    const world = { demo: await Demo.start(...kFlags), complaints: [] };
    // Each page is another visitor.
    world.page = async (port, prepare) =>
      openBoard(await browser.createBrowserContext(), port ?? world.demo.port, world.complaints, prepare);
    try {
      await body(world);
      assert.deepEqual(world.complaints.filter(text => !/WebSocket connection to|Failed to load resource/.test(text)), []);
    } finally {
      await world.demo.stop();
    }
  });
}
