// Pages in a real browser, through puppeteer-core and the browser Debian installs: starts it, opens pages, waits
// for what they show. Screenshots go to HYBI_ARTEFACTS, for people to look at.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { until } from "./waiting.mjs";

export const chromium = {
  browser: "chrome",
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--disable-extensions"],
};

const kLooks = [
  { name: "desktop-light", width: 1280, height: 900, scheme: "light" },
  { name: "desktop-dark", width: 1280, height: 900, scheme: "dark" },
  { name: "phone-light", width: 390, height: 844, scheme: "light" },
  { name: "phone-dark", width: 390, height: 844, scheme: "dark" },
];

export const artefacts = process.env.HYBI_ARTEFACTS ?? mkdtempSync(join(tmpdir(), "hybi-pages-"));
mkdirSync(artefacts, { recursive: true });

// Starts the browser with a profile of its own, gives it to `body`, ends it.
export async function withBrowser(launch, body) {
  const profile = mkdtempSync(join(tmpdir(), "hybi-browser-"));
  let browser;
  try {
    browser = await puppeteer.launch({ headless: true, userDataDir: profile, timeout: 120_000, protocolTimeout: 180_000,
                                       defaultViewport: { width: 1280, height: 900 }, ...launch });
    return await body(browser);
  } finally {
    await browser?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

export const textOf = (page, selector) => page.$eval(selector, node => node.textContent);
export const textsOf = (page, selector) => page.$$eval(selector, nodes => nodes.map(node => node.textContent));

export function untilText(page, selector, wanted) {
  return until(async () => {
    const text = await textOf(page, selector);
    return typeof wanted === "string" ? text === wanted : wanted.test(text);
  }, `${selector} shows ${wanted}`);
}

// Replaces what a field holds, as a person would.
export async function fill(page, selector, text) {
  await page.$eval(selector, node => { node.value = ""; });
  await page.type(selector, text);
}

// A page that may not log an error or break the Content-Security-Policy.
export async function openPage(browser, url, complaints) {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  page.on("pageerror", error => complaints.push(`${url}: ${error.message}`));
  page.on("console", message => {
    if (message.type() === "error") complaints.push(`${url}: ${message.text()}`);
  });
  await page.goto(url, { waitUntil: "load" });
  return page;
}

// Takes its picture in every look; none may be wider than the screen.
export async function takePictures(page, name, canEmulateScheme = true) {
  await page.bringToFront();
  for (const look of kLooks) {
    await page.setViewport({ width: look.width, height: look.height });
    if (canEmulateScheme) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: look.scheme }]);
    } else if (look.scheme === "dark") {
      continue;
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide for ${look.name}`);
    await page.screenshot({ path: join(artefacts, `${name}-${look.name}.png`), fullPage: true });
  }
}

// Controls that a screen reader has no name for.
export function unnamedControls(page) {
  return page.$$eval("input:not([type=hidden]), textarea, select, button", nodes =>
    nodes.filter(node => !node.textContent.trim() && !node.ariaLabel && !node.labels?.length).map(node => node.id));
}
