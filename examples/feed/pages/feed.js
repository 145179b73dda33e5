// The feed's page: one column for each way to listen. Both count what is missing and what comes twice.
class Column {
  last = 0;
  received = 0;
  missing = 0;
  twice = 0;
  connections = 0;

  constructor(id) {
    this.node = document.getElementById(id);
    this.count();
  }
  state(text) {
    const status = this.node.querySelector(".status");
    status.textContent = status.dataset.state = text;
  }
  hello({ after, missed }) {
    ++this.connections;
    this.state("connected");
    this.node.querySelector(".hello").textContent = after
      ? `Connection ${this.connections}: came back with item ${after}, had missed ${missed}.`
      : `Connection ${this.connections}: began with the ${missed} items that were kept.`;
  }
  item({ id, text }) {
    if (this.last) this.missing += Math.max(0, id - this.last - 1);
    if (id <= this.last) ++this.twice;
    this.last = id;
    ++this.received;
    this.count();
    const line = document.createElement("li");
    const number = document.createElement("b");
    number.textContent = id;
    line.append(number, text);
    const list = this.node.querySelector("ol");
    list.prepend(line);
    if (list.children.length > 50) list.lastChild.remove();
  }
  count() {
    this.node.querySelector(".counts").textContent =
      `${this.received} received, ${this.missing} missing, ${this.twice} twice`;
  }
}

// The browser comes back by itself and sends the last id in the field Last-Event-ID.
const events = new Column("events");
function listen() {
  const source = new EventSource(`feed?after=${events.last}`);
  source.addEventListener("hello", event => events.hello(JSON.parse(event.data)));
  source.onmessage = event => events.item(JSON.parse(event.data));
  source.onerror = () => {
    events.state("closed");
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 500);  // it has given up
  };
}
listen();

// Coming back is the page's own work here.
const socket = new Column("socket");
function connect() {
  const live = new WebSocket(`${location.origin.replace(/^http/, "ws")}/feed?after=${socket.last}`);
  live.onmessage = event => {
    const message = JSON.parse(event.data);
    if ("id" in message) socket.item(message);
    else socket.hello(message);
  };
  live.onclose = () => {
    socket.state("closed");
    setTimeout(connect, 500);
  };
}
connect();

async function post(path, options) {
  const answer = await fetch(path, { method: "POST", ...options }).catch(error => ({ text: () => error.message }));
  document.getElementById("problem").textContent = answer.ok ? "" : await answer.text();
}
document.getElementById("cut").onclick = () => post("cut");
document.getElementById("post").onsubmit = event => {
  event.preventDefault();
  const text = document.getElementById("text").value;
  post("feed", { body: JSON.stringify({ text }), headers: { "Content-Type": "application/json" } });
  event.target.reset();
};
