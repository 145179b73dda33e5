// The upload's page: fetch sends the form, a WebSocket tells how far it has come.
const $ = id => document.getElementById(id);

// Nobody else knows it: what the server says of this page's uploads reaches this page alone.
const ticket = Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");

const inWords = bytes => bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB`
                                                                         : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

function showProgress(percent) {
  $("progress").value = percent;
  $("percent").textContent = `${percent} %`;
}

function showFiles(files) {
  $("none").hidden = files.length > 0;
  $("files").replaceChildren(...files.map(({ name, bytes }) => {
    const link = document.createElement("a");
    link.href = `files/${encodeURIComponent(name)}`;
    link.textContent = name;
    const size = document.createElement("span");
    size.textContent = inWords(bytes);
    const line = document.createElement("li");
    line.append(link, size);
    return line;
  }));
}

function connect() {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live/${ticket}`);
  socket.onopen = () => { $("status").textContent = $("status").dataset.state = "connected"; };
  socket.onmessage = event => {
    const { files, percent, problem } = JSON.parse(event.data);
    if (files) showFiles(files);
    if (percent) showProgress(percent);
    if (problem) $("problem").textContent = problem;
  };
  socket.onclose = () => {
    $("status").textContent = $("status").dataset.state = "closed";
    setTimeout(connect, 1000);
  };
}
connect();

$("form").onsubmit = async event => {
  event.preventDefault();
  $("problem").textContent = $("done").textContent = "";
  showProgress(0);
  $("sending").hidden = false;
  $("send").disabled = true;
  try {
    const answer = await fetch(`files?ticket=${ticket}`, { method: "POST", body: new FormData($("form")) });
    if (!answer.ok) throw new Error(await answer.text());
    const { names } = await answer.json();
    showProgress(100);
    $("done").textContent = `${names.join(", ")} is here.`;
    $("form").reset();
  } catch (error) {
    // What the server said over the WebSocket is better than "failed to fetch".
    $("problem").textContent ||= error.message;
    $("sending").hidden = true;
  }
  $("send").disabled = false;
};
