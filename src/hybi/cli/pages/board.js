// The board page. Strokes are a channel with a history, so who comes later or comes back has all of
// them, and each is sent until it is there. Cursors are a channel of which only the latest counts.
// See demo_board.h.
import { Hybi } from "/hybi.js";
import { BoardView, kHeight, kMaxPoints, kWidth } from "/assets/board_view.js";
import { People, newId, remember, remembered, token } from "/assets/guest.js";
import { $, countText, showStatus } from "/assets/ui.js";

const kTick = 15;         // ms between what we tell of our cursor: 60 times a second
const kKept = 1000;       // strokes, as the server has them
const kAsk = 3;           // times for the name of one cursor: some have none
const kNear = 2;          // units: points closer than that say nothing new
const kHold = 600_000;    // ms that a stroke waits for a connection

let hybi = null;
let people = null;
let me = null;
let strokes = new Map();  // by id, in the order of the channel
let own = new Map();      // of them, not come back yet
let pen = null;           // what we draw: {id, n, c, w, p}
let at = null;            // where our cursor is and was not told yet; []: not here
let told = 0;             // when it was told last
let keys = null;          // the pen that is moved by keys
let numbers = 0;          // of our strokes
let updates = 0;          // cursors that came in this second
let asking = false;

const view = new BoardView($("board"), $("ink"), $("live"), tick);
const chosen = name => Number(document.querySelector(`input[name=${name}]:checked`).value);

function note(text) {
  $("note").textContent = text;
}

// --- strokes

function countStrokes() {
  const count = strokes.size + own.size;
  $("board").dataset.strokes = strokes.size;
  $("strokes").textContent = count ? `${countText(count)} ${count === 1 ? "stroke" : "strokes"}` : "";
}

const showAll = () => view.set([...strokes.values(), ...own.values()]);

function take({ data, publisher }) {
  if (data.clear) {
    strokes.clear();
    showAll();
  } else if (!strokes.has(data.id)) {
    strokes.set(data.id, data);
    if (!own.delete(data.id)) view.add(data);
    view.finish(publisher, data.n);
    // Not one by one, because all have to be painted again.
    if (strokes.size > kKept * 1.1) {
      strokes = new Map([...strokes].slice(-kKept));
      showAll();
    }
  }
  countStrokes();
}

function publish(stroke) {
  hybi.publish("board/strokes", stroke, { key: stroke.id, timeout: kHold }).catch(error => {
    if (!own.has(stroke.id)) return;
    if (error.code === "closed" && hybi.state !== "closed") return publish(stroke);  // we have another name now
    own.delete(stroke.id);
    note(`A stroke was not taken (${error.code}) and is removed.`);
    showAll();
    countStrokes();
  });
}

// --- the pen

const begin = (x, y) => {
  pen = { id: newId(), n: ++numbers, c: chosen("colour"), w: chosen("width"), p: [x, y] };
};

function move(x, y) {
  if (pen) {
    const { p } = pen;
    if (Math.hypot(x - p.at(-2), y - p.at(-1)) < kNear) return;
    p.push(x, y);
    if (p.length >= 2 * kMaxPoints) {  // a longer line is several
      end();
      begin(x, y);
    }
  }
  at = [x, y];
  view.wake();
}

function end() {
  if (!pen) return;
  own.set(pen.id, pen);
  view.add(pen);
  publish(pen);
  pen = null;
  countStrokes();
  view.wake();
}

// In each frame: what we have to tell.
function tick(now) {
  view.own = pen || keys ? { c: chosen("colour"), w: chosen("width"), p: [], ...pen, keys } : null;
  if (!at) return;
  if (now - told < kTick) return view.wake();
  // Nobody wants to know later where we were.
  if (hybi.state === "open") {
    const data = at.length && pen ? [...at, pen.n, pen.c, pen.w] : at;
    hybi.send("hybi:publish", { channel: "board/cursors", data });
  }
  at = null;
  told = now;
}

const clamp = (value, most) => Math.min(most, Math.max(0, Math.round(value)));

function place(event) {
  const box = $("board").getBoundingClientRect();
  return [clamp((event.clientX - box.left) / box.width * kWidth, kWidth),
          clamp((event.clientY - box.top) / box.height * kHeight, kHeight)];
}

let finger = null;  // the pointer that draws; further ones do not

$("board").addEventListener("pointerdown", event => {
  if (event.button !== 0 || finger !== null) return;
  finger = event.pointerId;
  $("board").setPointerCapture(finger);
  keys = null;
  end();
  begin(...place(event));
  move(...place(event));
});

$("board").addEventListener("pointermove", event => {
  if (finger !== null && event.pointerId !== finger) return;
  const steps = event.getCoalescedEvents?.() ?? [];
  for (const step of steps.length ? steps : [event]) move(...place(step));
});

for (const type of ["pointerup", "pointercancel"]) {
  $("board").addEventListener(type, event => {
    if (event.pointerId !== finger) return;
    finger = null;
    end();
    if (event.pointerType !== "mouse") gone();
  });
}

function gone() {
  at = [];
  view.wake();
}

$("board").addEventListener("pointerleave", () => { if (finger === null) gone(); });

const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

$("board").addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = steps[event.key];
  if (!step && event.key !== " ") return;
  event.preventDefault();
  keys ??= [kWidth / 2, kHeight / 2];
  if (event.key === " ") {
    if (event.repeat) return;
    if (pen) end();
    else begin(...keys);
  } else {
    const far = event.shiftKey ? 50 : 10;
    keys = [clamp(keys[0] + far * step[0], kWidth), clamp(keys[1] + far * step[1], kHeight)];
  }
  move(...keys);
  view.wake();
});

$("board").addEventListener("blur", () => {
  if (!keys) return;
  keys = null;
  end();
  gone();
});

$("clear").addEventListener("click", () => {
  const id = newId();
  hybi.publish("board/strokes", { id, clear: true }, { key: id, timeout: kHold })
    .catch(error => note(`The board was not cleared (${error.code}).`));
});

// --- who is here

function point({ data, publisher }) {
  if (publisher === hybi.id) return;
  ++updates;
  const cursor = view.point(publisher, data);
  if (!cursor || cursor.name) return;
  // The second client of somebody comes without being announced.
  if (people.members.has(publisher)) view.name(people.members);
  else if (!asking && (cursor.asked = (cursor.asked ?? 0) + 1) <= kAsk) ask();
}

async function ask() {
  if (asking) return;
  asking = true;
  const there = people;
  try {
    await there.ask();
    me = there.members.get(hybi.id)?.user ?? me;
    if (me !== null && document.activeElement !== $("name")) $("name").value = me;
  } catch {
    // the next connection asks again
  }
  // Not for each cursor that nobody knows.
  setTimeout(() => { asking = false; }, 500);
}

function showPeople(members) {
  view.name(members);
  const names = new Set([...members.values()].map(({ user }) => user).filter(Boolean));
  $("here").textContent = `${countText(names.size)} here`;
  for (const client of gonePeople(members)) view.remove(client);
}

// Clients that were here when we looked last.
let before = new Map();
function gonePeople(members) {
  const gone = [...before.keys()].filter(client => !members.has(client));
  before = new Map(members);
  return gone;
}

setInterval(() => {
  const text = updates ? `${countText(updates)} cursor updates / s` : "";
  if ($("updates").textContent !== text) $("updates").textContent = text;
  $("board").dataset.updates = updates;
  $("board").dataset.cursors = view.cursors;
  updates = 0;
}, 1000);

// --- the connection

function connect(name) {
  hybi?.close();
  showStatus($("status"), "connecting");
  const opening = hybi = new Hybi("/board", { token: token(name), maxDelay: 5000 });
  hybi.on("open", () => showStatus($("status"), "open", "connected"));
  hybi.on("close", ({ code, reason, delay }) => {
    if (hybi !== opening) return;
    showStatus($("status"), "closed", delay === undefined ? "no connection" : "no connection, trying again");
    if (delay === undefined && code !== 1000) note(`The server says: ${reason || code}.`);
  });
  const drawing = hybi.subscribe("board/strokes", { history: kKept });
  drawing.on("message", take);
  drawing.on("subscribed", ({ recovered }) => {
    if (!recovered) note("The server has forgotten strokes: what was drawn meanwhile may be missing here, and others may see less than you.");
    asking = false;
    ask();
  });
  drawing.on("gap", ({ missed }) => note(`${missed ?? "Some"} strokes are missing here: they came faster than they could be sent.`));
  people = new People(drawing, showPeople);
  hybi.subscribe("board/cursors").on("message", point);
  hybi.connect();
}

$("rename").addEventListener("submit", event => {
  event.preventDefault();
  $("name").blur();
});
$("name").addEventListener("change", () => {
  const name = $("name").value.trim();
  if (name === "" || name === me) return;
  remember(name);
  note("");
  connect(name);
});

$("name").value = remembered() || "Guest";
countStrokes();
connect($("name").value);
