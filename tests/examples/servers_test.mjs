// The programs of examples/ do what their first lines say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, refusal, withExample } from "./example.mjs";

test("echo", () => withExample("echo", async example => {
  const socket = await open(example.ws("/echo"));
  socket.send("hello");
  assert.equal(await socket.next(), "hello");
  socket.send(Buffer.from([0, 255]));
  assert.deepEqual(await socket.next(), Buffer.from([0, 255]));
  await socket.leave();
  assert.equal((await fetch(example.url("/echo"))).status, 426);
  assert.equal((await fetch(example.url("/other"))).status, 404);
}));

test("guarded: no cookie, no connection", () => withExample("guarded", async example => {
  assert.equal((await fetch(example.url("/live"))).status, 401);
  assert.equal(await refusal(example.ws("/live")), 401);
  assert.equal(await refusal(example.ws("/live"), { headers: { Cookie: "session=guess" } }), 401);

  const answer = await fetch(example.url("/login"), { method: "POST", body: "ada" });
  assert.equal(await answer.text(), "welcome, ada\n");
  const [, cookie] = /^(session=[0-9a-f]{32}); HttpOnly/.exec(answer.headers.get("set-cookie"));
  const page = await fetch(example.url("/live"), { headers: { Cookie: cookie } });
  assert.equal(await page.text(), "hello, ada; a WebSocket may connect here\n");
  const socket = await open(example.ws("/live"), { headers: { Cookie: cookie } });
  assert.equal(await socket.next(), "hello, ada");
  await socket.leave();
  assert.equal((await fetch(example.url("/login"), { method: "POST" })).status, 400);
}));

test("chat: a room hears everyone in it, and nobody else", () => withExample("chat", async example => {
  const ada = await open(example.ws("/chat/kitchen?name=Ada"));
  assert.equal(await ada.next(), "welcome, Ada");
  const eve = await open(example.ws("/chat/attic?name=Eve"));
  assert.equal(await eve.next(), "welcome, Eve");
  const bob = await open(example.ws("/chat/kitchen?name=Bob%20B."));
  assert.equal(await bob.next(), "welcome, Bob B.");
  assert.equal(await ada.next(), "Bob B. joined");
  bob.send("hello");
  assert.equal(await ada.next(), "Bob B.: hello");
  assert.equal(await bob.next(), "Bob B.: hello");
  await bob.leave();
  assert.equal(await ada.next(), "Bob B. left");
  eve.send("alone");
  assert.equal(await eve.next(), "Eve: alone");
  assert.equal((await fetch(example.url("/chat/kitchen"))).status, 426);
}));

test("json_service: who watches a note sees it change", () => withExample("json_service", async example => {
  const put = (id, body) => fetch(example.url(`/notes/${id}`), { method: "PUT", body: JSON.stringify(body) });
  assert.equal((await fetch(example.url("/notes/milk"))).status, 404);
  const watcher = await open(example.ws("/notes/milk"));
  assert.equal(await watcher.next(), "null");

  const first = { id: "milk", text: "buy some", version: 1 };
  assert.deepEqual(await (await put("milk", { text: "buy some" })).json(), first);
  assert.deepEqual(JSON.parse(await watcher.next()), first);
  await put("bread", { text: "not watched" });
  await put("milk", { text: "bought" });
  assert.deepEqual(JSON.parse(await watcher.next()), { id: "milk", text: "bought", version: 2 });
  assert.equal((await (await fetch(example.url("/notes/milk"))).json()).version, 2);
  assert.equal((await put("milk", { text: 7 })).status, 400);

  const late = await open(example.ws("/notes/milk"));
  assert.equal(JSON.parse(await late.next()).text, "bought");
  await late.leave();
  await watcher.leave();
}));

test("from_thread: other threads answer and publish", () => withExample("from_thread", async example => {
  const worker = await open(example.ws("/job"));
  for (let i = 1; i <= 50; ++i) worker.send(String(i));
  for (let i = 1; i <= 50; ++i) assert.equal(await worker.next(), String(i * i), "in order");
  const gone = await open(example.ws("/job"));
  gone.send("5");
  gone.terminate();  // its answer goes nowhere, and harms nobody

  const watchers = await Promise.all([1, 2, 3, 4].map(() => open(example.ws("/clock"))));
  for (const watcher of watchers) {
    const [first, second] = [await watcher.next(), await watcher.next()].map(text => Number(/^tick (\d+)$/.exec(text)[1]));
    assert.equal(second, first + 1);
    await watcher.leave();
  }
  await worker.leave();
}));
