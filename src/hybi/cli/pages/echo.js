// The echo page: sends, measures what comes back, shows how a connection ends.
import { $, bytesText, closeMeaning, countText, element, showStatus, socketUrl } from "/assets/ui.js";

const kLogLines = 200;
const kShownBytes = 48;
const kShownCharacters = 400;

let socket = null;
let waiting = [];  // when the messages were sent whose echo is not here yet
let trips = [];    // milliseconds, the latest last
let sent = 0;
let received = 0;

const encoder = new TextEncoder();

const millisecondsText = ms => ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;

function hexText(bytes) {
  const shown = Array.from(bytes.subarray(0, kShownBytes), byte => byte.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > kShownBytes ? `${shown} …` : shown;
}

// A message as the log shows it.
function describe(data) {
  if (typeof data === "string") {
    const shown = data.length > kShownCharacters ? `${data.slice(0, kShownCharacters)} …` : data;
    return { what: shown, kind: "text", size: encoder.encode(data).length };
  }
  return { what: hexText(new Uint8Array(data)), kind: "binary", size: data.byteLength };
}

function addLine(className, arrow, what, about, time = "") {
  const line = element("li", className);
  const way = element("span", "way", arrow);
  way.setAttribute("aria-label", className);
  line.append(way, element("span", "what", what), element("span", "time", time), element("span", "about", about));
  $("log").prepend(line);
  while ($("log").children.length > kLogLines) $("log").lastElementChild.remove();
  $("log-empty").hidden = true;
}

function showNumbers() {
  $("sent").textContent = countText(sent);
  $("received").textContent = countText(received);
  if (trips.length === 0) return;
  const sorted = [...trips].sort((a, b) => a - b);
  $("rtt").textContent = millisecondsText(trips.at(-1));
  $("median").textContent = millisecondsText(sorted[sorted.length >> 1]);
}

function enable(open) {
  for (const id of ["send-button", "burst", "close-button"]) $(id).disabled = !open;
  $("reconnect").hidden = open;
}

function connect() {
  waiting = [];
  $("closed").textContent = "";
  enable(false);
  $("reconnect").hidden = true;
  showStatus($("status"), "connecting");
  socket = new WebSocket(socketUrl("/echo"));
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    showStatus($("status"), "open");
    enable(true);
  };
  socket.onmessage = event => {
    const now = performance.now();
    const trip = waiting.length ? now - waiting.shift() : NaN;
    trips.push(trip);
    if (trips.length > 100) trips.shift();
    received += 1;
    const { what, kind, size } = describe(event.data);
    addLine("received", "←", what, `${kind}, ${bytesText(size)}`, millisecondsText(trip));
    showNumbers();
  };
  socket.onclose = event => {
    showStatus($("status"), "closed");
    enable(false);
    const reason = event.reason ? ` “${event.reason}”` : "";
    const text = `Closed with ${event.code}${reason}: ${closeMeaning(event.code)}. ${event.wasClean ? "Both sides said goodbye." : "Not a clean end."}`;
    $("closed").textContent = text;
    addLine("closed", "×", `${event.code}${reason}`, closeMeaning(event.code));
    $("reconnect").focus({ preventScroll: true });
  };
}

function send(data) {
  const { what, kind, size } = describe(data);
  waiting.push(performance.now());
  socket.send(data);
  sent += 1;
  addLine("sent", "→", what, `${kind}, ${bytesText(size)}`);
  showNumbers();
}

function parseHex(text) {
  const digits = text.replace(/0x|[\s,:]/gi, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error("Bytes are pairs of the digits 0-9 and a-f.");
  return Uint8Array.from(digits.match(/../g) ?? [], pair => parseInt(pair, 16)).buffer;
}

const kind = () => document.querySelector("input[name=kind]:checked").value;

async function chosenMessage() {
  if (kind() === "text") return $("text").value;
  if (kind() === "hex") return parseHex($("hex").value);
  const file = $("file").files[0];
  if (!file) throw new Error("Choose a file first.");
  return file.arrayBuffer();
}

async function sendChosen(times) {
  $("send-error").textContent = "";
  try {
    const message = await chosenMessage();
    if (socket.readyState !== WebSocket.OPEN) throw new Error("The connection is closed.");
    for (let i = 0; i < times; ++i) send(message);
  } catch (error) {
    $("send-error").textContent = error.message;
  }
}

$("send").addEventListener("submit", event => {
  event.preventDefault();
  sendChosen(1);
});
$("burst").addEventListener("click", () => sendChosen(100));
$("text").addEventListener("keydown", event => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  sendChosen(1);
});
for (const radio of document.querySelectorAll("input[name=kind]")) {
  radio.addEventListener("change", () => {
    for (const name of ["text", "hex", "file"]) $(`field-${name}`).hidden = name !== kind();
  });
}

$("close").addEventListener("submit", event => {
  event.preventDefault();
  $("closed").textContent = "";
  try {
    socket.close(Number($("code").value), $("reason").value);
    showStatus($("status"), "closing");
    enable(false);
    $("reconnect").hidden = true;
  } catch {
    // What a browser lets a page say is narrower than what the protocol allows.
    $("closed").textContent = "A page may close with 1000 or 3000 to 4999, and a reason of at most 123 bytes.";
  }
});
$("reconnect").addEventListener("click", connect);
$("clear").addEventListener("click", () => {
  $("log").replaceChildren();
  $("log-empty").hidden = false;
});

connect();
