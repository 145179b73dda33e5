// hybi.js in real browsers: js/test/suite.mjs runs in a page, against examples/channels.cc.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { suite } from "../../js/test/suite.mjs";
import { chromium, openPage, withBrowser } from "../browser.mjs";
import { withExample } from "../examples/example.mjs";

const firefox = {
  browser: "firefox",
  executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
  extraPrefsFirefox: { "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false },
};
const own = {
  "/": ["text/html; charset=utf-8", '<!doctype html><link rel="icon" href="data:,"><title>suite</title>'],
  "/suite.mjs": ["text/javascript; charset=utf-8", readFileSync(new URL("../../js/test/suite.mjs", import.meta.url))],
};

// The page and the suite are served here, all else, with the WebSockets, by the example: so they have one origin.
async function withPages(example, body) {
  const sockets = new Set();
  const pass = (request, socket, head) => {
    const there = connect(example.port, "127.0.0.1");
    for (const [one, other] of [[socket, there], [there, socket]]) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => { sockets.delete(one); other.destroy(); });
      one.pipe(other);
    }
    const fields = request.rawHeaders.map((text, i) => i % 2 ? `${text}\r\n` : `${text}: `).join("");
    there.write(`${request.method} ${request.url} HTTP/1.1\r\n${fields}\r\n`);
    there.write(head);
  };
  const server = createServer(async (request, answer) => {
    let [type, text] = own[request.url] ?? [];
    if (!type) {
      const got = await fetch(example.url(request.url));
      [type, text] = [got.headers.get("content-type"), Buffer.from(await got.arrayBuffer())];
      answer.statusCode = got.status;
    }
    answer.setHeader("Content-Type", type ?? "text/plain");
    answer.end(text);
  }).on("upgrade", pass).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await body(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

// Runs one case after the other; those that fail are told, with the reason.
const runAll = async () => {
  const { Hybi } = await import("/hybi.js");
  const { suite } = await import("/suite.mjs");
  const done = [], failed = [];
  for (const { name, run } of suite({ url: "/live", Hybi, WebSocket })) {
    await run().catch(error => failed.push(`${name}: ${error}\n${error.stack ?? ""}`));
    done.push(name);
  }
  return { done, failed };
};

for (const [name, launch] of Object.entries({ chromium, firefox })) {
  test(`hybi.js in ${name}`, () => withExample("channels", example => withPages(example, url => withBrowser(launch, async browser => {
    const complaints = [];
    const page = await openPage(browser, url, complaints);
    const { done, failed } = await page.evaluate(runAll);
    assert.deepEqual(failed, []);
    assert.deepEqual(done, suite({ WebSocket: class {} }).map(({ name }) => name));
    assert.deepEqual(complaints, []);
  }))));
}
