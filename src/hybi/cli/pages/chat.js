// The chat page. The messages are described in chat.h; whatever people write is shown as text,
// never as markup.
import { $, closeMeaning, countText, element, retry, showStatus, socketUrl } from "/assets/ui.js";

const kLines = 500;
const kDefaultRoom = "lobby";

let socket = null;
let room = decodeURIComponent(location.pathname.split("/")[2] ?? "") || kDefaultRoom;
let wanted = null;         // the name to join with; null: only looking
let me = null;             // our id once we have joined
let people = new Map();    // id -> name
let newestRooms = -1;

function remember(name) {
  try { localStorage.setItem("hybi-name", name); } catch { /* not allowed: then not */ }
}

function remembered() {
  try { return localStorage.getItem("hybi-name") ?? ""; } catch { return ""; }
}

// A colour that stays with a name.
function hue(name) {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return hash;
}

function addLine(line) {
  const list = $("said");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(line);
  while (list.children.length > kLines) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const addNews = text => addLine(element("li", "news", text));

function addSaid({ id, name, text }) {
  const line = element("li", id === me ? "own" : "");
  const who = element("span", "who", id === me ? "you" : name);
  const now = new Date();
  const time = element("time", "", now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = now.toISOString();
  who.append(time);
  if (id !== me) who.style.color = `light-dark(hsl(${hue(name)} 60% 32%), hsl(${hue(name)} 60% 72%))`;
  line.append(who, element("span", "text", text));
  addLine(line);
}

function showPeople() {
  const sorted = [...people].sort(([, a], [, b]) => a.localeCompare(b));
  $("people").replaceChildren(...sorted.map(([id, name]) => {
    const line = element("li");
    const dot = element("span", "dot");
    dot.style.background = `hsl(${hue(name)} 55% 50%)`;
    line.append(dot, element("span", "", id === me ? `${name} (you)` : name));
    return line;
  }));
  $("people-count").textContent = people.size ? countText(people.size) : "";
  $("people-empty").hidden = people.size > 0;
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
      enter(name);
    });
    line.append(link);
    return line;
  }));
  $("rooms-empty").hidden = list.length > 0;
}

function showRoom() {
  document.title = `#${room} · Hybi demo`;
  $("room-title").textContent = `#${room}`;
  $("room").value = room;
}

function showJoined(joined) {
  $("entry").hidden = joined;
  $("leave").hidden = !joined;
  $("message").disabled = !joined;
  $("say-button").disabled = !joined;
  $("message").placeholder = joined ? `Write to #${room}` : "Join to write";
}

const takes = {
  welcome({ id, name, people: here }) {
    me = id;
    people = new Map(here.map(person => [person.id, person.name]));
    showJoined(true);
    showPeople();
    addNews(`You are in #${room} as ${name}.`);
    $("message").focus();
  },
  joined({ id, name }) {
    if (people.has(id)) return;  // in the list we got already
    people.set(id, name);
    showPeople();
    addNews(`${name} joined`);
  },
  left({ id, name }) {
    if (!people.delete(id)) return;
    showPeople();
    addNews(`${name} left`);
  },
  said: addSaid,
  rooms({ at, rooms }) {
    if (at < newestRooms) return;  // news from two threads may overtake each other
    newestRooms = at;
    showRooms(rooms);
  },
  error({ text }) {
    if (me === null) wanted = null;
    $("error").textContent = `The server says: ${text}.`;
  },
};

const again = retry(connect);

function send(message) {
  socket.send(JSON.stringify(message));
}

function connect() {
  again.stop();
  if (socket) {
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
  }
  me = null;
  people.clear();
  newestRooms = -1;
  showPeople();
  showStatus($("status"), "connecting");
  const opening = socket = new WebSocket(socketUrl(`/chat/${encodeURIComponent(room)}`));
  socket.onopen = () => {
    again.reset();
    showStatus($("status"), "open", "connected");
    if (wanted !== null) send({ type: "join", name: wanted });
  };
  socket.onmessage = event => {
    const message = JSON.parse(event.data);
    takes[message.type]?.(message);
  };
  socket.onclose = event => {
    if (socket !== opening) return;
    if (me !== null) addNews(`The connection ended (${event.code}, ${closeMeaning(event.code)}).`);
    me = null;
    people.clear();
    showPeople();
    showJoined(false);
    showStatus($("status"), "closed", "no connection, trying again");
    again.later();
  };
}

// Goes to another room, with the same name if we have one.
function enter(name) {
  if (name !== room) {
    history.pushState(null, "", `/chat/${encodeURIComponent(name)}`);
    change(name);
  }
}

function change(name) {
  room = name;
  $("said").replaceChildren();
  $("error").textContent = "";
  showRoom();
  showJoined(false);
  connect();
}

$("join").addEventListener("submit", event => {
  event.preventDefault();
  wanted = $("name").value.trim();
  if (wanted === "") return;
  remember(wanted);
  $("error").textContent = "";
  const name = $("room").value.trim();
  if (name !== room) {
    enter(name);
  } else if (socket.readyState === WebSocket.OPEN) {
    send({ type: "join", name: wanted });
  }  // else: as soon as it opens
});

$("say").addEventListener("submit", event => {
  event.preventDefault();
  const text = $("message").value.trim();
  if (text === "" || me === null) return;
  $("error").textContent = "";
  send({ type: "say", text });
  $("message").value = "";
});

$("leave").addEventListener("click", () => {
  wanted = null;
  addNews("You left.");
  showJoined(false);
  connect();
});

window.addEventListener("popstate", () =>
  change(decodeURIComponent(location.pathname.split("/")[2] ?? "") || kDefaultRoom));

$("name").value = remembered();
showRoom();
connect();
