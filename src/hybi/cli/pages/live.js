// The overview's numbers: one JSON message a second from /live.
import { $, bytesText, countText, element, retry, showStatus, socketUrl } from "/assets/ui.js";

const kSeconds = 60;
const history = { in: [], out: [] };

$("curl").textContent = $("curl").textContent.replace("http://localhost:3400", location.origin);
$("script").textContent = $("script").textContent.replace("ws://localhost:3400/echo", socketUrl("/echo"));

function uptimeText(seconds) {
  const s = Math.floor(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

function svg(tag, className, d) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  made.setAttribute("class", className);
  made.setAttribute("d", d);
  return made;
}

function draw() {
  const peak = Math.max(4, ...history.in, ...history.out);
  const x = (index, count) => 600 - (count - 1 - index) * (600 / (kSeconds - 1));
  const y = value => 96 - (value / peak) * 88;
  const line = values => values.map((value, index) =>
    `${index ? "L" : "M"}${x(index, values.length).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  if (history.in.length === 0) return;
  const incoming = line(history.in);
  const first = x(0, history.in.length).toFixed(1);
  $("chart").replaceChildren(
    svg("path", "area", `${incoming}L600 96L${first} 96Z`),
    svg("path", "base", "M0 96H600"),
    svg("path", "out", line(history.out)),
    svg("path", "in", incoming));
  $("peak").textContent = `the last minute, top ${countText(peak)}`;
}

// The documents behind the numbers; each is a protocol of its own.
const kVersions = { 13: "13 (RFC 6455)", 8: "8 (hybi-08 to 12)", 2: "hybi-02, -03", 1: "hybi-01",
                    76: "hixie-76", 75: "hixie-75" };

function visitorRow(visitor) {
  const cell = (by, text) => {
    const made = element("td", "", text);
    made.dataset.by = by;
    return made;
  };
  const path = element("th");
  path.scope = "row";
  path.append(element("code", "", visitor.path));
  const row = element("tr");
  row.append(path, cell("Version", kVersions[visitor.version] ?? String(visitor.version)),
             cell("Compression", visitor.extension || "none"), cell("For", uptimeText(visitor.seconds)));
  return row;
}

function showVisitors(live) {
  $("visitors").replaceChildren(...live.visitors.map(visitorRow));
  const others = live.websockets - live.visitors.length;
  $("more").textContent = others > 0 ? `and ${countText(others)} more, who came earlier` : "";
}

function show(live) {
  const rate = live.per_second;
  $("connections").textContent = countText(live.connections);
  $("websockets").textContent = countText(live.websockets);
  $("messages_in").textContent = countText(rate.messages_in);
  $("messages_out").textContent = countText(rate.messages_out);
  $("requests").textContent = countText(rate.requests);
  $("bytes_in").textContent = bytesText(rate.bytes_in);
  $("bytes_out").textContent = bytesText(rate.bytes_out);
  $("uptime").textContent = uptimeText(live.uptime);
  $("engine").textContent = `${live.backend}, ${live.threads} ${live.threads === 1 ? "event loop" : "event loops"}; ` +
    `${countText(live.total.requests)} requests and ${countText(live.total.messages_in)} messages since the start.`;
  showVisitors(live);
  if (live.minute) {  // the first message brings what happened before we came
    history.in = live.minute.messages_in;
    history.out = live.minute.messages_out;
  } else {
    history.in = [...history.in, rate.messages_in].slice(-kSeconds);
    history.out = [...history.out, rate.messages_out].slice(-kSeconds);
  }
  draw();
}

const again = retry(connect);

function connect() {
  showStatus($("status"), "connecting");
  const socket = new WebSocket(socketUrl("/live"));
  socket.onopen = () => {
    again.reset();
    showStatus($("status"), "open", "live");
  };
  socket.onmessage = event => show(JSON.parse(event.data));
  socket.onclose = () => {
    showStatus($("status"), "closed", "no connection, trying again");
    again.later();
  };
}

connect();
