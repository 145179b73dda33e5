// The reference server's opening handshake: a request's head in, an answer's head out.
import { createHash, randomBytes } from "node:crypto";
import { chooseExtension, readOffers } from "./extension.mjs";

const kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const kSecretGuid = "61AC5F19-FBBA-4540-B96F-6561F1AB40A8";
const kTokenOnly = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const sha1 = text => createHash("sha1").update(text).digest();

class Refusal extends Error {
  constructor(status, fields = []) {
    super(String(status));
    this.status = status;
    this.fields = fields;
  }
}

// Returns: {method, target, minor, all(name), one(name), list(name)}; throws a Refusal.
function readHead(text) {
  const [first, ...lines] = text.split("\r\n").slice(0, -2);
  const request = /^([A-Z]+) (\S+) HTTP\/(\d)\.(\d)$/.exec(first);
  if (!request) throw new Refusal(400);
  if (request[3] !== "1") throw new Refusal(505);
  const fields = lines.map(line => {
    const at = line.indexOf(":");
    // One space goes, and no more: hixie-76's keys may hold runs of them.
    const value = line.slice(at + 1).replace(/^ /, "");
    if (!kTokenOnly.test(line.slice(0, at)) || /[\0\r\n]/.test(value)) throw new Refusal(400);
    return [line.slice(0, at).toLowerCase(), value];
  });
  const all = name => fields.filter(([field]) => field === name).map(([, value]) => value);
  const list = name => all(name).join(",").split(",").map(part => part.trim()).filter(part => part);
  return { method: request[1], target: request[2], minor: request[4], all, list,
           raw: name => all(name)[0], one: name => all(name)[0]?.trim() };
}

const hasToken = (head, name, token) => head.list(name).some(one => one.toLowerCase() === token);

export class Handshake {
  // `server`: {path, versions, compression, has}
  constructor(server) {
    this.server = server;
    this.has = server.has;
  }

  // Returns: {head, version, challenge?, secret?, extension?}, version absent when it is refused.
  answer(text) {
    if (this.has("opens-everything")) return this.#openAnything(text);
    try {
      const head = readHead(text);
      return this.#open(head, this.#check(head));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const fields = [...error.fields, "Content-Length: 0"].join("\r\n");
      return { head: `HTTP/1.1 ${error.status} Refused\r\n${fields}\r\n\r\n` };
    }
  }

  #openAnything(text) {
    const all = name => text.toLowerCase().includes(`\n${name}:`) ? [""] : [];
    const nothing = { target: "/", all, raw: () => undefined, one: () => undefined };
    return this.#open(nothing, all("sec-websocket-version").length ? 13 : 75);
  }

  #check(head) {
    if (this.has("refuses-everything")) throw new Refusal(503);
    if (head.all("host").length !== 1) throw new Refusal(400);
    if (head.target.replace(/^http:\/\/[^/]*/, "").split("?")[0] !== this.server.path) throw new Refusal(404);
    if (head.method !== "GET" && !this.has("accepts-any-method")) throw new Refusal(405, ["Allow: GET"]);
    if (!hasToken(head, "upgrade", "websocket")) throw new Refusal(200);
    const upgrade = ["Upgrade: websocket", "Connection: Upgrade"];
    const connects = this.has("compares-connection-as-a-whole") ? /^upgrade$/i.test(head.one("connection")) : hasToken(head, "connection", "upgrade");
    if (!connects && !this.has("accepts-any-connection")) throw new Refusal(426, upgrade);
    if (head.minor === "0" && !this.has("accepts-http-1.0")) throw new Refusal(400);
    const version = this.#version(head);
    if (!this.server.versions.includes(version)) {
      const list = this.server.versions.filter(one => one > 3 && one < 14).sort((a, b) => b - a).join(", ");
      throw new Refusal(426, this.has("refuses-without-a-list") ? upgrade : [...upgrade, `Sec-WebSocket-Version: ${list}`]);
    }
    if (version >= 4 && version <= 13) this.#checkModern(head, version);
    this.#checkBody(head, version);
    return version;
  }

  #version(head) {
    const versions = head.all("sec-websocket-version");
    if (versions.length && this.has("accepts-any-version")) return 13;
    if (versions.length) return versions.length === 1 && /^([4-8]|13)$/.test(versions[0].trim()) ? Number(versions[0]) : 0;
    const draft = head.one("sec-websocket-draft");
    if (draft !== undefined) return draft === "0" ? 76 : Math.min(2, Number(draft));
    if (head.all("sec-websocket-key1").length && head.all("sec-websocket-key2").length) return 76;
    return head.all("sec-websocket-key").length ? 0 : 75;
  }

  #checkModern(head, version) {
    const keys = head.all("sec-websocket-key");
    const isKey = version === 13 ? /^[A-Za-z0-9+/]{22}==$/.test(keys[0]?.trim()) : keys[0];
    if ((keys.length > 1 && !this.has("accepts-two-keys")) || (!isKey && !this.has("accepts-any-key"))) throw new Refusal(400);
    const origins = head.all("origin").concat(head.all("sec-websocket-origin"));
    if (head.all("origin").length > 1 || new Set(origins).size > 1) throw new Refusal(403);
    const protocols = head.list("sec-websocket-protocol");
    const areUnique = new Set(protocols).size === protocols.length;
    const areRight = protocols.length && protocols.every(one => kTokenOnly.test(one)) && areUnique;
    if (head.all("sec-websocket-protocol").length && !areRight && !this.has("accepts-bad-subprotocols")) throw new Refusal(400);
    const extensions = head.all("sec-websocket-extensions");
    if (extensions.length && readOffers(extensions.join(",")) === null && !this.has("accepts-bad-extensions")) throw new Refusal(400);
  }

  #checkBody(head, version) {
    const lengths = head.all("content-length");
    const tolerated = length => length === "0" || (length === "8" && (version === 76 || version < 4));
    if ((head.all("transfer-encoding").length || !lengths.every(tolerated)) && !this.has("accepts-a-body")) throw new Refusal(400);
  }

  #open(head, version) {
    if (version < 4 || version > 13) return this.#openHixie(head, version);
    const key = head.one("sec-websocket-key") ?? "";
    let accept = sha1(key + (this.has("wrong-guid") ? kGuid.toLowerCase() : kGuid)).toString("base64");
    if (this.has("accept-in-lower-case")) accept = accept.toLowerCase();
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
    const opened = { version };
    if (version === 4) {
      const nonce = randomBytes(16).toString("base64");
      if (!this.has("no-nonce")) lines.push(`Sec-WebSocket-Nonce: ${nonce}`);
      opened.secret = sha1(key + nonce + kSecretGuid);
    }
    if (version === 5 && this.has("nonce-in-version-5")) lines.push(`Sec-WebSocket-Nonce: ${randomBytes(16).toString("base64")}`);
    if (this.has("chooses-a-subprotocol-nobody-offered")) lines.push("Sec-WebSocket-Protocol: superchat-2");
    const offers = readOffers(head.all("sec-websocket-extensions").join(",")) ?? [];
    opened.extension = this.server.compression ? chooseExtension(offers, version, this.has) : null;
    if (opened.extension) lines.push(`Sec-WebSocket-Extensions: ${opened.extension.text}`);
    if (this.has("answers-an-extension-nobody-offered")) lines.push("Sec-WebSocket-Extensions: permessage-deflate");
    return { ...opened, head: lines.join("\r\n") + "\r\n\r\n" };
  }

  #openHixie(head, version) {
    const old = version === 75;
    const prefix = old ? "" : "Sec-";
    const lines = [`HTTP/1.1 101 Web${old ? " " : ""}Socket Protocol Handshake`, "Upgrade: WebSocket", "Connection: Upgrade"];
    if (this.has("another-order-of-fields")) lines.push(lines.splice(1, 1)[0]);
    if (head.one("origin") !== undefined) lines.push(`${prefix}WebSocket-Origin: ${head.one("origin")}`);
    lines.push(`${prefix}WebSocket-Location: ws://${head.one("host")}${head.target}${this.has("location-with-a-slash") ? "/" : ""}`);
    const protocol = head.one(old ? "websocket-protocol" : "sec-websocket-protocol");
    if (protocol !== undefined && version >= 75) lines.push(`${prefix}WebSocket-Protocol: ${protocol}`);
    const opened = { version, head: lines.join("\r\n") + "\r\n\r\n" };
    if (old) return opened;
    const numbers = ["sec-websocket-key1", "sec-websocket-key2"].map(name => this.#number(head.raw(name)));
    return { ...opened, challenge: Buffer.concat(numbers) };
  }

  #number(key = "") {
    const spaces = this.has("collapses-spaces-in-keys") ? key.replace(/ +/g, " ").split(" ").length - 1 : key.split(" ").length - 1;
    const digits = key.replace(/\D/g, "");
    const bytes = Buffer.alloc(4);
    const wrong = !spaces || !digits || digits.length > 19 || BigInt(digits) % BigInt(spaces) ||
                  BigInt(digits) / BigInt(spaces) > 0xffffffffn;
    if (wrong && !this.has("accepts-bad-hixie-keys") && !this.has("collapses-spaces-in-keys")) throw new Refusal(400);
    bytes.writeUInt32BE(wrong ? 0 : Number(BigInt(digits) / BigInt(spaces)));
    return bytes;
  }
}
