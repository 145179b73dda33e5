// The server's answer to an opening request: reads its head and checks it by the rules of the version.
import { checkAnswer } from "./extension.mjs";
import { acceptOf, proofOf } from "./request.mjs";
import { Violation } from "./violation.mjs";

export class Head {
  constructor(bytes) {
    this.text = bytes.toString("latin1");
    this.lines = this.text.split("\r\n").slice(0, -2);
    const status = /^HTTP\/1\.1 ([1-5][0-9][0-9]) /.exec(this.lines[0]);
    if (!status) throw new Violation(`not a status line: ${JSON.stringify(this.lines[0])}`, "RFC 9112 4");
    this.status = Number(status[1]);
    this.fields = this.lines.slice(1).map(line => {
      const at = line.indexOf(":");
      if (at < 1 || /[\r\n\0]/.test(line)) throw new Violation(`not a field: ${JSON.stringify(line)}`, "RFC 9112 5");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    });
  }

  all(name) {
    return this.fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  }

  // At most once.
  one(name) {
    const values = this.all(name);
    if (values.length > 1) throw new Violation(`${name} ${values.length} times`, "RFC 6455 11.3");
    return values[0];
  }

  must(name, wanted, spec) {
    const got = this.one(name);
    if (got !== wanted) throw new Violation(`${name}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`, spec);
  }

  lacks(name, spec) {
    if (this.all(name).length) throw new Violation(`${name}: ${this.all(name)}, which has no place here`, spec);
  }
}

// Subprotocols as the version separates them.
function offeredProtocols(request) {
  if (request.version === 75) return [request.field("WebSocket-Protocol")];
  const text = request.list("Sec-WebSocket-Protocol");
  if (text === undefined || request.version === 76) return [text];
  return text.split(request.isHixie ? " " : ",").map(part => part.trim());
}

function checkProtocol(head, request, name) {
  const chosen = head.one(name);
  if (chosen === undefined || offeredProtocols(request).includes(chosen)) return;
  throw new Violation(`subprotocol ${JSON.stringify(chosen)}, which was not offered`, "RFC 6455 4.2.2");
}

// The first three lines are compared byte for byte by browsers of the time.
function checkHixie(head, request) {
  const old = request.version === 75;
  const prefix = old ? "" : "Sec-";
  const first = [`HTTP/1.1 101 Web${old ? " " : ""}Socket Protocol Handshake`, "Upgrade: WebSocket", "Connection: Upgrade"];
  first.forEach((line, i) => {
    if (head.lines[i] === line) return;
    throw new Violation(`line ${i + 1}: expected ${JSON.stringify(line)}, got ${JSON.stringify(head.lines[i])}`, "hixie-75, -76");
  });
  if (request.field("Origin") !== undefined) head.must(`${prefix}WebSocket-Origin`, request.field("Origin"), "hixie-75, -76");
  head.must(`${prefix}WebSocket-Location`, `ws://${request.field("Host")}${request.place.path}`, "hixie-75, -76");
  checkProtocol(head, request, `${prefix}WebSocket-Protocol`);
  for (const name of ["Sec-WebSocket-Accept", "Sec-WebSocket-Extensions"]) head.lacks(name, "hixie-76");
  return { extension: null, proof: old ? null : proofOf(request.challenge.key1, request.challenge.key2, request.key3) };
}

function checkModern(head, request) {
  if (!/^websocket$/i.test(head.one("Upgrade"))) throw new Violation(`Upgrade: ${head.one("Upgrade")}`, "RFC 6455 4.2.2");
  if (!head.all("Connection").join(",").split(",").some(token => /^upgrade$/i.test(token.trim()))) {
    throw new Violation(`Connection: ${head.all("Connection")}`, "RFC 6455 4.2.2");
  }
  head.must("Sec-WebSocket-Accept", acceptOf(request.field("Sec-WebSocket-Key")), "RFC 6455 4.2.2");
  for (const name of ["Content-Length", "Transfer-Encoding"]) head.lacks(name, "RFC 9110 8.6");
  checkProtocol(head, request, "Sec-WebSocket-Protocol");
  let nonce = null;
  if (request.version === 4) {
    nonce = head.one("Sec-WebSocket-Nonce");
    if (nonce === undefined || Buffer.from(nonce, "base64").length !== 16 || nonce.length !== 24) {
      throw new Violation(`Sec-WebSocket-Nonce: ${nonce}, not the base64 of 16 bytes`, "hybi-04");
    }
  } else {
    head.lacks("Sec-WebSocket-Nonce", "hybi-05");
  }
  const answered = head.all("Sec-WebSocket-Extensions");
  const extension = checkAnswer(request.list("Sec-WebSocket-Extensions"), answered.length ? answered.join(", ") : undefined);
  return { extension, nonce, proof: null };
}

// The head of a 101. Returns: {extension, nonce, proof}; proof are the bytes that have to follow.
export function checkOpened(head, request) {
  if (head.status !== 101) throw new Violation(`status: expected 101, got ${JSON.stringify(head.lines[0])}`, "RFC 6455 4.2.2");
  return request.isHixie ? checkHixie(head, request) : checkModern(head, request);
}

// A case's "answer": status, fields, absent, exact.
export function checkAnswered(head, wanted, request) {
  const { status = 101, fields = {}, absent = [], exact } = wanted;
  const fits = one => one === head.status || one === `${Math.floor(head.status / 100)}xx` || (one.not !== undefined && one.not !== head.status);
  if (![status].flat().some(fits)) throw new Violation(`status: expected ${JSON.stringify(status)}, got ${JSON.stringify(head.lines[0])}`);
  if (exact) {
    const lines = exact.map(line => request.fill(line));
    const text = lines.join("\r\n") + "\r\n\r\n";
    if (text !== head.text) throw new Violation(`expected exactly ${JSON.stringify(text)}, got ${JSON.stringify(head.text)}`);
  }
  for (const [name, value] of Object.entries(fields)) {
    const got = head.all(name).join(", ");
    const tokens = got.split(",").map(token => token.trim().toLowerCase());
    const right = typeof value === "string" ? got === request.fill(value) : value.lists.every(token => tokens.includes(token.toLowerCase()));
    if (!right) throw new Violation(`${name}: expected ${JSON.stringify(value)}, got ${JSON.stringify(got)}`);
  }
  for (const name of absent) head.lacks(name);
}
