// examples/members: who gets in, and what a session that ends takes with it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { cookiesOf, open, refusal, withDeadline, withExample } from "./example.mjs";

class Visitor {
  cookie = "";
  constructor(example) {
    this.example = example;
  }
  async ask(path, options = {}) {
    const answer = await fetch(this.example.url(path), { redirect: "manual", ...options, headers: { ...options.headers, Cookie: this.cookie } });
    this.cookie = cookiesOf(answer) || this.cookie;
    return answer;
  }
  // The token that stands in the form of a page.
  async token(path) {
    return /name="_csrf" value="([^"]+)"/.exec(await (await this.ask(path)).text())[1];
  }
  post(path, fields) {
    return this.ask(path, { method: "POST", body: new URLSearchParams(fields) });
  }
  async logIn(name, password) {
    return this.post("/login", { name, password, _csrf: await this.token("/login") });
  }
}

test("members: who is not logged in", () => withExample("members", async example => {
  const stranger = new Visitor(example);
  for (const path of ["/members", "/members/chat", "/members/nothing-here"]) {
    const answer = await stranger.ask(path);
    assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/login"], path);
  }
  assert.equal(await refusal(example.ws("/members/chat/live")), 401);
  assert.equal(await refusal(example.ws("/members/chat/live"), { headers: { Cookie: "sid=guess" } }), 401);

  const page = await stranger.ask("/login");
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-security-policy"), /^default-src 'self'/);
  assert.match(page.headers.get("set-cookie"), /^sid=.*; HttpOnly; SameSite=Lax$/);
  assert.equal((await stranger.ask("/assets/style.css")).status, 200);
}));

test("members: logging in", () => withExample("members", async example => {
  const ada = new Visitor(example);
  for (const [name, password] of [["ada", "hopper"], ["ada", ""], ["<b>eve", "lovelace"], ["", ""]]) {
    const wrong = await ada.logIn(name, password);
    assert.equal(wrong.status, 401);
    assert.match(await wrong.text(), /role="alert" id="problem">Wrong name or password\.</);
    assert.equal((await ada.ask("/members")).status, 303);
  }
  // Without the form's token, or from a page of another site.
  const token = await ada.token("/login");
  const fields = { name: "ada", password: "lovelace" };
  assert.equal((await ada.post("/login", fields)).status, 403);
  assert.equal((await ada.post("/login", { ...fields, _csrf: `${token}x` })).status, 403);
  const foreign = await ada.ask("/login", { method: "POST", headers: { Origin: "https://elsewhere.example" },
                                            body: new URLSearchParams({ ...fields, _csrf: token }) });
  assert.equal(foreign.status, 403);
  assert.match(await foreign.text(), /<h1>That did not work<\/h1>/);

  const before = ada.cookie;
  const right = await ada.post("/login", { ...fields, _csrf: token });
  assert.deepEqual([right.status, right.headers.get("location")], [303, "/members"]);
  assert.notEqual(ada.cookie, before, "a new id");
  const home = await ada.ask("/members");
  assert.equal(home.headers.get("cache-control"), "no-store");
  assert.match(await home.text(), /<h1>Hello, ada<\/h1>/);

  // Who has planted or seen the id of before has nothing.
  const thief = new Visitor(example);
  thief.cookie = before;
  assert.equal((await thief.ask("/members")).status, 303);
  assert.equal(await refusal(example.ws("/members/chat/live"), { headers: { Cookie: before } }), 401);
}));

test("members: the chat ends with the session", () => withExample("members", async example => {
  const ada = new Visitor(example), grace = new Visitor(example);
  assert.equal((await ada.logIn("ada", "lovelace")).status, 303);
  assert.equal((await grace.logIn("grace", "hopper")).status, 303);
  const live = visitor => open(example.ws("/members/chat/live"), { headers: { Cookie: visitor.cookie } });
  const hears = async socket => JSON.parse(await socket.next());

  const [adas, graces] = [await live(ada), await live(grace)];
  assert.deepEqual(await hears(adas), { kind: "joined", from: "grace", text: "" });
  graces.send('"quotes" & <tags>');
  assert.deepEqual(await hears(adas), { kind: "said", from: "grace", text: '"quotes" & <tags>' });
  graces.send(Buffer.from([1, 2]));  // nothing comes of it

  // Another tab of the same browser.
  const closed = once(graces, "close");
  const out = await grace.post("/logout", { _csrf: await grace.token("/members") });
  assert.deepEqual([out.status, out.headers.get("location")], [303, "/login"]);
  const [code, reason] = await withDeadline(closed, "grace is out");
  assert.deepEqual([code, reason.toString()], [4401, "session ended"]);
  assert.deepEqual(await hears(adas), { kind: "left", from: "grace", text: "" });
  assert.equal((await grace.ask("/members")).status, 303);

  assert.equal((await ada.post("/logout", { _csrf: "guess" })).status, 403);
  assert.equal((await ada.ask("/members")).status, 200);
  adas.send("still here");
  await adas.leave();
}));
