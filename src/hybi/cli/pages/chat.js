// The chat page: rooms are channels (chat.h), hybi.js comes back by itself and brings what was missed.
// Here is what only a page can do: each message is shown once, by its id, also when the server was
// started anew and nothing knows any more what it has sent; and what is missing is said.
// Whatever people write is shown as text, never as markup.
import { Hybi } from "/hybi.js";
import { People, hue, isOwn, newId, remember, remembered, token } from "/assets/guest.js";
import { $, countText, element, showStatus } from "/assets/ui.js";

const kLines = 500;
const kSeen = 5000;
const kHistory = 50;
const kHold = 600_000;  // ms that what we write waits for a connection
const kDefaultRoom = "lobby";

const roomOfAddress = () => decodeURIComponent(location.pathname.split("/")[2] ?? "") || kDefaultRoom;

let hybi = null;
let talk = null;         // the subscription of our room; null: only looking
let people = null;
let room = roomOfAddress();
let me = null;           // our name, as the server gave it
let unsure = [];         // {data, line}: shown before this connection has told our name; null: it has
let lost = false;        // no connection, and it was said
const seen = new Set();    // ids of what was shown
const waiting = new Map(); // id -> our line that has not come back yet
const unanswered = new Map(); // room -> how much we have said there that the server has not answered

function addLine(line) {
  const list = $("said");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  // What waits to be sent stays below what was said.
  list.insertBefore(line, list.querySelector(".waiting"));
  while (list.children.length > kLines) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const addNews = (text, className = "news") => addLine(element("li", className, text));

// Everybody can read our ids and write such ones, but not in our name: the server sees to that. So nothing is
// ours as long as our name is not known.
const isSaidByUs = ({ id, name }) => !unsure && name === me && isOwn(id);

function lineOf({ name, text, at }, own) {
  const line = element("li", own ? "own" : "");
  const who = element("span", "who", own ? "you" : name);
  const when = new Date(Math.min(at, Date.now()));
  const time = element("time", "", when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = when.toISOString();
  who.append(time);
  if (!own) who.style.color = `light-dark(hsl(${hue(name)} 60% 32%), hsl(${hue(name)} 60% 72%))`;
  line.append(who, element("span", "text", text));
  return line;
}

// The connection has told our name.
function meet(name) {
  me = name ?? me;
  const shown = unsure ?? [];
  unsure = null;
  for (const { data, line } of shown) if (isSaidByUs(data)) line.replaceWith(lineOf(data, true));
}

// What the channel brings, our own words included.
function takeSaid({ data }) {
  const waited = waiting.get(data.id);
  waiting.delete(data.id);
  if (seen.has(data.id)) return;
  seen.add(data.id);
  const line = waited ?? lineOf(data, isSaidByUs(data));
  if (!waited && unsure?.push({ data, line }) > kLines) unsure.shift();
  if (seen.size > kSeen) seen.delete(seen.values().next().value);
  line.classList.remove("waiting");
  line.querySelector(".note")?.remove();
  addLine(line);
}

const refusals = {
  forbidden: "the server does not take it",
  queue_full: "too much is waiting already",
  timeout: "there was no connection for too long",
  closed: "you left before",
};

// Who we are in a room of this connection. Asked once for all who wait for it.
let asked = null;
function askName(there) {
  asked ??= there.presence().then(members => meet(members.find(({ client }) => client === hybi.id)?.user))
    .finally(() => { asked = null; });
  return asked;
}

// A server that was started anew may have given us another name, and what was waiting has left before the
// connection could tell. If it is refused for that, it goes again, unless it had come back from the old server.
async function publish(data, there) {
  try {
    await there.publish(data, { key: data.id, timeout: kHold });
  } catch (error) {
    if (error.code !== "forbidden" || seen.has(data.id)) throw error;
    if (data.name === me) await askName(there);
    if (data.name === me) throw error;
    await publish({ ...data, name: me }, there);
  }
}

// Shown at once; sent now or when the connection is back, by hybi.js, to the room that we are in now.
async function say(data, line = lineOf(data, true)) {
  const there = talk;
  waiting.set(data.id, line);
  line.classList.add("waiting");
  $("said").append(line);
  $("said").scrollTop = $("said").scrollHeight;
  unanswered.set(there, (unanswered.get(there) ?? 0) + 1);
  try {
    await publish(data, there);
  } catch (error) {
    if (waiting.has(data.id)) offerAgain(data, line, refusals[error.code] ?? error.message);
  }
  unanswered.set(there, unanswered.get(there) - 1);
  if (there !== talk) leave(there);
}

function offerAgain(data, line, reason) {
  const again = element("button", "", "Send again");
  again.addEventListener("click", () => {
    again.parentElement.remove();
    if (talk) say({ ...data, name: me }, line);
  });
  const note = element("span", "note", `Not sent: ${reason}. `);
  note.append(again);
  line.append(note);
}

// Only who is in a room may speak there: we stay until what we have said has arrived.
function leave(there) {
  if (unanswered.get(there)) return;
  unanswered.delete(there);
  there.unsubscribe();
}

function showPeople(members, { joined, left }) {
  if (joined && joined !== me) addNews(`${joined} joined`);
  if (left && left !== me) addNews(`${left} left`);
  const names = [...new Set([...members.values()].map(member => member.user))].sort((a, b) => a.localeCompare(b));
  $("people").replaceChildren(...names.map(name => {
    const line = element("li");
    const dot = element("span", "dot");
    dot.style.background = `hsl(${hue(name)} 55% 50%)`;
    line.append(dot, element("span", "", name === me ? `${name} (you)` : name));
    return line;
  }));
  $("people-count").textContent = names.length ? countText(names.length) : "";
  $("people-empty").hidden = names.length > 0;
}

function showRooms(list) {
  $("rooms").replaceChildren(...list.map(({ name, people: count }) => {
    const line = element("li");
    const link = element("a");
    link.href = `/chat/${encodeURIComponent(name)}`;
    if (name === room) link.setAttribute("aria-current", "true");
    link.append(element("span", "", `#${name}`), element("span", "count", countText(count)));
    link.addEventListener("click", event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      goTo(name);
    });
    line.append(link);
    return line;
  }));
  $("rooms-empty").hidden = list.length > 0;
}

function clearSaid() {
  $("said").replaceChildren();
  seen.clear();
  waiting.clear();
}

function showRoom() {
  document.title = `#${room} · Hybi demo`;
  $("room-title").textContent = `#${room}`;
  $("room").value = room;
  clearSaid();
  for (const link of document.querySelectorAll("#rooms a")) {
    if (link.firstElementChild.textContent === `#${room}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function showJoined(joined) {
  $("entry").hidden = joined;
  $("leave").hidden = $("go").hidden = !joined;
  $("message").disabled = $("say-button").disabled = !joined;
  $("message").placeholder = joined ? `Write to #${room}` : "Join to write";
}

function showError(text) {
  $("error").textContent = text;
}

function enterRoom() {
  const channel = `chat/${room}`, first = { entering: true };
  // We are back before we have left.
  for (const old of unanswered.keys()) if (old.channel === channel) old.unsubscribe();
  const there = talk = hybi.subscribe(channel, { history: kHistory });
  const on = (event, fn) => there.on(event, value => { if (there === talk) fn(value); });
  people = new People(there, (members, change) => { if (there === talk) showPeople(members, change); });
  on("message", takeSaid);
  on("gap", ({ missed }) => addNews(`${missed ?? "Some"} messages are missing here: they came faster than they could be sent.`, "news lack"));
  on("subscribed", ({ recovered }) => {
    // A position that is not known any more: the server was started anew, or forgets sooner than we came back.
    if (!recovered) addNews("The connection is back, but the server has forgotten what was said meanwhile: messages may be missing here.", "news lack");
    else if (!first.entering) addNews("The connection is back; nothing is missing.");
    lost = false;
    arrive(first);
  });
  on("unsubscribed", ({ code }) => {
    if (code !== "forbidden") return;
    showError(`There is no seat left in #${room}.`);
    look();
  });
}

// We are in: who is here, and what are we called?
async function arrive(first) {
  const there = people;
  try {
    await there.ask();
  } catch (error) {
    if (error.code !== "disconnected" && error.code !== "closed" && there === people) showError(`Who is here is not known: ${error.message}.`);
    return;  // the next connection asks again
  }
  if (there !== people) return;
  meet(there.members.get(hybi.id)?.user);
  showPeople(there.members, {});
  if (!first.entering) return;
  first.entering = false;
  addNews(`You are in #${room} as ${me}.`);
  showJoined(true);
  $("message").focus();
}

// Another connection: with a name we may enter rooms, without one only look which there are.
function connect(options) {
  hybi?.close();
  talk = people = me = null;
  unsure = [];
  lost = false;
  showPeople(new Map(), {});
  showJoined(false);
  showStatus($("status"), "connecting");
  const opening = hybi = new Hybi("/chat", { maxDelay: 5000, ...options });
  hybi.on("open", () => showStatus($("status"), "open", "connected"));
  hybi.on("close", ({ code, reason, delay }) => {
    if (hybi !== opening) return;
    unsure ??= [];  // with the next one we may have another name
    if (delay === undefined && code !== 1000) {
      showError(code === 4401 ? `The server says: ${reason}.` : `The server has closed the connection (${code}).`);
      return look();
    }
    showStatus($("status"), "closed", "no connection, trying again");
    if (!talk || lost) return;
    lost = true;
    addNews("The connection is lost. What you write is sent when it is back.");
  });
  hybi.subscribe("chat").on("message", ({ data }) => showRooms(data.rooms));
  hybi.connect();
}

const look = () => connect({});

function join(name) {
  connect({ token: token(name) });
  clearSaid();
  enterRoom();
}

// To another room, on the same connection if we have joined.
function change(name) {
  if (name === room) return;
  const before = talk;
  room = name;
  showError("");
  showRoom();
  if (!before) return showJoined(false);
  enterRoom();
  leave(before);
}

function goTo(name) {
  if (name !== room) history.pushState(null, "", `/chat/${encodeURIComponent(name)}`);
  change(name);
}

$("join").addEventListener("submit", event => {
  event.preventDefault();
  const name = $("name").value.trim();
  if (name === "") return;
  remember(name);
  showError("");
  goTo($("room").value.trim());
  join(name);
});

$("go").addEventListener("submit", event => {
  event.preventDefault();
  goTo($("other-room").value.trim());
  $("other-room").value = "";
});

$("say").addEventListener("submit", event => {
  event.preventDefault();
  const text = $("message").value.trim();
  if (text === "" || !talk || me === null) return;
  showError("");
  $("message").value = "";
  say({ id: newId(), name: me, text, at: Date.now() });
});

$("leave").addEventListener("click", () => {
  addNews("You left.");
  look();
});

window.addEventListener("popstate", () => change(roomOfAddress()));

$("name").value = remembered();
showRoom();
look();
