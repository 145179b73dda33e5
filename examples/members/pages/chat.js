// The chat's page. What members write is put in as text, never as markup.
const $ = id => document.getElementById(id);
const me = $("chat").dataset.user;

function show(kind, from, text) {
  const line = document.createElement("li");
  line.className = kind === "said" && from === me ? "said own" : kind;
  if (kind === "said") {
    const who = document.createElement("b");
    who.textContent = from;
    line.append(who);
  }
  const words = document.createElement("span");
  words.textContent = kind === "said" ? text : `${from} ${kind}`;
  line.append(words);
  $("said").append(line);
  line.scrollIntoView({ block: "nearest" });
}

function state(text, open) {
  $("status").textContent = text;
  $("status").dataset.state = text;
  for (const control of $("say").elements) control.disabled = !open;
}

const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/members/chat/live`);
socket.onopen = () => {
  state("connected", true);
  $("text").focus();
};
socket.onmessage = event => {
  const { kind, from, text } = JSON.parse(event.data);
  show(kind, from, text);
};
socket.onclose = event => {
  state("closed", false);
  const again = document.createElement("a");
  // 4401: the session has ended, whoever ended it.
  again.href = event.code === 4401 ? "/login" : location.href;
  again.textContent = event.code === 4401 ? "Log in again" : "Connect again";
  $("problem").append(event.code === 4401 ? "You have been logged out elsewhere. " : "The connection is lost. ", again);
};

$("say").onsubmit = event => {
  event.preventDefault();
  if (!$("text").value) return;
  socket.send($("text").value);
  show("said", me, $("text").value);
  $("text").value = "";
};
