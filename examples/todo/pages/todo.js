// The to-do page: changes go out by HTTP; what is shown is what the WebSocket says, nothing else.
const $ = id => document.getElementById(id);
const todos = new Map();  // id -> the last thing heard of it
const lines = new Map();  // id -> its line

async function change(method, path, body) {
  $("problem").textContent = "";
  try {
    const answer = await fetch(path, { method, body: body && JSON.stringify(body),
                                       headers: body && { "Content-Type": "application/json" } });
    if (!answer.ok) throw new Error((await answer.json()).error);
    return true;
  } catch (error) {
    $("problem").textContent = error.message;
    todos.forEach(show);  // whatever was tried is not so
    return false;
  }
}

function lineOf(id) {
  if (lines.has(id)) return lines.get(id);
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const done = make("input", { type: "checkbox", onchange: () => change("PATCH", `todos/${id}`, { done: done.checked }) });
  const title = make("input", { maxLength: 200, ariaLabel: "Title",
                                onchange: () => change("PATCH", `todos/${id}`, { title: title.value }) });
  const remove = make("button", { textContent: "×", ariaLabel: "Remove", onclick: () => change("DELETE", `todos/${id}`) });
  const line = make("li", { done, name: title });
  line.append(done, title, remove);
  $("todos").append(line);
  lines.set(id, line);
  return line;
}

function show(todo) {
  const line = lineOf(todo.id);
  line.className = todo.done ? "done" : "";
  line.done.checked = todo.done;
  line.done.ariaLabel = `Done: ${todo.title}`;
  if (line.name !== document.activeElement) line.name.value = todo.title;
}

const heard = {
  list(all) {
    todos.clear();
    lines.clear();
    $("todos").replaceChildren();
    all.forEach(heard.changed);
  },
  changed(todo) {
    todos.set(todo.id, todo);
    show(todo);
  },
  removed({ id }) {
    todos.delete(id);
    lines.get(id)?.remove();
    lines.delete(id);
  },
};

function connect() {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live`);
  socket.onopen = () => { $("status").textContent = $("status").dataset.state = "connected"; };
  socket.onmessage = message => {
    const { event, data } = JSON.parse(message.data);
    heard[event]?.(data);
    const left = [...todos.values()].filter(todo => !todo.done).length;
    $("left").textContent = `${left} of ${todos.size} left`;
  };
  socket.onclose = () => {
    $("status").textContent = $("status").dataset.state = "closed";
    setTimeout(connect, 1000);  // and the whole list comes again
  };
}
connect();

$("add").onsubmit = async event => {
  event.preventDefault();
  if (await change("POST", "todos", { title: $("title").value })) event.target.reset();
};
