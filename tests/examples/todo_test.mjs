// examples/todo: the service in JSON, its errors, and what everybody hears of its changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, withExample } from "./example.mjs";

async function ask(example, method, path, body, type = "application/json") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(example.url(path), { method, body: text, headers: body === undefined ? {} : { "Content-Type": type } });
  const got = await answer.text();
  return { status: answer.status, location: answer.headers.get("location"), body: got && JSON.parse(got) };
}

const hears = async socket => JSON.parse(await socket.next());

test("todo: made, changed, removed, and heard of", () => withExample("todo", async example => {
  const socket = await open(example.ws("/live"));
  assert.deepEqual(await hears(socket), { event: "list", data: [] });

  const milk = { id: 1, title: "milk", done: false };
  assert.deepEqual(await ask(example, "POST", "/todos", { title: "milk" }), { status: 201, location: "/todos/1", body: milk });
  assert.deepEqual(await hears(socket), { event: "changed", data: milk });
  for (const change of [{ done: true }, { title: "oat milk" }, {}]) {
    const changed = await ask(example, "PATCH", "/todos/1", change);
    assert.deepEqual(changed.body, Object.assign(milk, change));
    assert.deepEqual(await hears(socket), { event: "changed", data: milk });
  }
  await ask(example, "POST", "/todos", { title: "bread", done: true });
  await hears(socket);
  assert.equal((await ask(example, "DELETE", "/todos/1")).status, 204);
  assert.deepEqual(await hears(socket), { event: "removed", data: { id: 1 } });
  const left = [{ id: 2, title: "bread", done: true }];
  assert.deepEqual((await ask(example, "GET", "/todos")).body, left);

  const late = await open(example.ws("/live"));
  assert.deepEqual(await hears(late), { event: "list", data: left });
  late.send('{"event": "remove", "id": 1}');
  assert.equal((await hears(late)).error.code, "unknown_event");
  for (const each of [socket, late]) await each.leave();
}));

test("todo: errors are JSON, and say where it broke", () => withExample("todo", async example => {
  await ask(example, "POST", "/todos", { title: "milk" });
  const watcher = await open(example.ws("/live"));
  await watcher.next();
  const refused = async (status, error, ...request) => {
    const answer = await ask(example, ...request);
    assert.equal(answer.status, status);
    assert.match(answer.body.error, error);
  };
  await refused(400, /^JSON: line 2, column 16: .*expected string literal/, "POST", "/todos", '{\n  "title": "a",}');
  await refused(400, /stands twice/, "POST", "/todos", '{"title": "a", "title": "b"}');
  await refused(422, /type must be string, but is number/, "PATCH", "/todos/1", { title: 7 });
  await refused(422, /type must be boolean, but is string/, "PATCH", "/todos/1", { done: "yes" });
  await refused(422, /type must be object, but is array/, "POST", "/todos", []);
  for (const title of ["", "x".repeat(201)]) await refused(422, /1 to 200/, "PATCH", "/todos/1", { title });
  await refused(422, /1 to 200/, "POST", "/todos", { done: true });
  await refused(415, /application\/json/, "POST", "/todos", '{"title": "a"}', "text/plain");
  await refused(404, /no such/, "PATCH", "/todos/7", { done: true });
  await refused(404, /no such/, "DELETE", "/todos/0x1");
  await refused(405, /./, "PUT", "/todos/1", {});
  await refused(413, /larger/, "POST", "/todos", { title: "x".repeat(2 << 20) });

  // Nobody hears of what did not happen.
  await ask(example, "PATCH", "/todos/1", { done: true });
  assert.deepEqual(await hears(watcher), { event: "changed", data: { id: 1, title: "milk", done: true } });
  await watcher.leave();
}));

// The list and the changes after it add up to what there is, whenever one comes.
test("todo: no change is lost between the list and the first update", () => withExample("todo", async example => {
  let busy = true;
  const writer = (async () => {
    for (let i = 1; i <= 300; ++i) {
      await ask(example, "POST", "/todos", { title: `number ${i}` });
      if (i % 3 === 0) await ask(example, "DELETE", `/todos/${i - 1}`);
    }
    busy = false;
  })();
  const listeners = [];
  while (busy) listeners.push(await open(example.ws("/live")));
  await writer;
  await ask(example, "POST", "/todos", { title: "the end" });
  const all = (await ask(example, "GET", "/todos")).body;
  assert.equal(all.length, 201);
  assert.ok(listeners.length >= 5, `${listeners.length} came`);
  for (const socket of listeners) {
    const first = await hears(socket);
    assert.equal(first.event, "list");
    const todos = new Map(first.data.map(todo => [todo.id, todo]));
    while (![...todos.values()].some(todo => todo.title === "the end")) {
      const { event, data } = await hears(socket);
      if (event === "changed") todos.set(data.id, data);
      else assert.ok(todos.delete(data.id), "was there");
    }
    assert.deepEqual([...todos.values()], all);
    socket.terminate();
  }
}));
