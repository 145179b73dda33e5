// examples/middleware.cc: each piece does what it is there for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { open, refusal, withExample } from "./example.mjs";

test("middleware: everything that ships", () => withExample("middleware", async example => {
  const page = await fetch(example.url("/"), { headers: { "X-Request-Id": "from-the-proxy", "Accept-Encoding": "gzip, br" } });
  assert.equal(page.headers.get("content-encoding"), "br");
  assert.equal(page.headers.get("x-request-id"), "from-the-proxy");
  assert.equal(page.headers.get("x-frame-options"), "SAMEORIGIN");
  assert.match(page.headers.get("ratelimit"), /^"default";r=99;t=1$/);
  assert.match(await page.text(), /<p>from-the-proxy<\/p>/);

  const sent = gzipSync("x".repeat(50_000));
  const length = await fetch(example.url("/api/length"), {
    method: "POST", body: sent,
    headers: { "Content-Encoding": "gzip", Origin: "https://app.example.com" },
  });
  assert.deepEqual(await length.json(), { bytes: 50_000 });
  assert.equal(length.headers.get("access-control-allow-origin"), "https://app.example.com");
  const bomb = await fetch(example.url("/api/length"), {
    method: "POST", body: gzipSync(Buffer.alloc(20 << 20)), headers: { "Content-Encoding": "gzip" },
  });
  assert.equal(bomb.status, 413);

  assert.equal((await fetch(example.url("/admin"))).status, 401);
  assert.equal(await refusal(example.ws("/admin/live")), 401);
  const headers = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };
  const admin = await fetch(example.url("/admin"), { headers: { ...headers, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example" } });
  assert.equal(await admin.text(), "hello, ada from https://a.example\n");
  assert.ok(admin.headers.get("strict-transport-security"));
  const socket = await open(example.ws("/admin/live"), { headers });
  assert.equal(await socket.next(), "welcome");
  await socket.leave();
}));
