// What the pages share.

export const $ = id => document.getElementById(id);

// The address of a WebSocket on this server.
export const socketUrl = path =>
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function showStatus(node, state, text = state) {
  node.dataset.state = state;
  if (node.textContent !== text) node.textContent = text;
}

export const bytesText = count => {
  if (count < 1024) return `${count} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = -1;
  do {
    value /= 1024;
    unit += 1;
  } while (value >= 1023.95 && unit < units.length - 1);
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
};

export const countText = count => Number(count).toLocaleString("en");

// Calls `connect` again after a while that grows with each try; `reset` after one that worked.
export function retry(connect) {
  let delay = 500;
  let timer = 0;
  return {
    later() {
      clearTimeout(timer);
      timer = setTimeout(connect, delay);
      delay = Math.min(delay * 2, 10_000);
    },
    reset() { delay = 500; },
    stop() { clearTimeout(timer); },
  };
}

const meanings = {
  1000: "normal closure",
  1001: "going away: the server stops or the page was left",
  1002: "protocol error",
  1003: "unacceptable kind of data",
  1005: "no code was given",
  1006: "the connection ended without a close frame",
  1007: "data that is not what it says, like text that is not UTF-8",
  1008: "policy violation",
  1009: "message too big",
  1010: "a required extension is missing",
  1011: "the server failed",
  1012: "the server restarts",
  1013: "try again later",
  1014: "bad gateway",
  1015: "TLS handshake failed",
};

export function closeMeaning(code) {
  if (meanings[code]) return meanings[code];
  if (code >= 3000 && code <= 3999) return "registered for a library or framework";
  if (code >= 4000 && code <= 4999) return "private: the application knows what it means";
  return "unassigned";
}
