// The reference server's side of Sec-WebSocket-Extensions: reads the offers strictly, chooses, answers.
const kToken = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const kQuoted = /"((?:\\?[!#$%&'*+\-.^_`|~0-9A-Za-z])+)"/y;
const kSpace = /[ \t]*/y;

// Returns: [{name, params: [[name, value or true]]}], or null if it cannot be read. RFC 6455 9.1
export function readOffers(text) {
  let at = 0;
  const take = pattern => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return null;
    at = pattern.lastIndex;
    const got = found[1] ?? found[0];
    kSpace.lastIndex = at;
    kSpace.exec(text);
    at = kSpace.lastIndex;
    return got;
  };
  const isNext = character => text[at] === character && take(new RegExp(character, "y")) !== null;
  take(kSpace);
  const offers = [];
  while (at < text.length) {
    if (isNext(",")) continue;
    const offer = { name: take(kToken), params: [] };
    if (offer.name === null) return null;
    while (isNext(";")) {
      const name = take(kToken);
      let value = true;
      if (name !== null && isNext("=")) value = text[at] === "\"" ? take(kQuoted)?.replaceAll("\\", "") : take(kToken);
      if (name === null || value === null || value === undefined) return null;
      offer.params.push([name, value]);
    }
    offers.push(offer);
    if (at < text.length && text[at] !== ",") return null;
  }
  return offers.length ? offers : null;
}

const kFlags = ["server_no_context_takeover", "client_no_context_takeover"];
const isBits = value => /^(8|9|1[0-5])$/.test(value);

function readPermessage({ name, params }, has) {
  if (name !== "permessage-deflate") return null;
  const wanted = {};
  for (const [key, value] of params) {
    let fits = kFlags.includes(key) ? value === true
      : key === "client_max_window_bits" ? value === true || isBits(value)
      : key === "server_max_window_bits" ? isBits(value) : has("accepts-unknown-parameters");
    if (key.endsWith("_bits") && /^\d+$/.test(value) && has("accepts-any-window")) fits = true;
    if (!fits || (key in wanted && !has("accepts-duplicate-parameters"))) return null;
    wanted[key] = value === true ? true : Math.min(15, Math.max(8, Number(value)));
  }
  return wanted;
}

function answerPermessage(wanted, has) {
  const parts = ["permessage-deflate"];
  const agreed = { client: { bits: 15, takeover: true }, server: { bits: 15, takeover: true } };
  if (wanted.server_no_context_takeover) {
    if (!has("does-not-repeat-the-server-flag")) parts.push("server_no_context_takeover");
    agreed.server.takeover = has("keeps-context-against-the-agreement");
  }
  if (wanted.client_no_context_takeover) {
    parts.push("client_no_context_takeover");
    agreed.client.takeover = false;
  }
  if (wanted.server_max_window_bits) {
    parts.push(`server_max_window_bits=${wanted.server_max_window_bits}`);
    agreed.server.bits = has("ignores-the-window") ? 15 : wanted.server_max_window_bits;
  }
  if (typeof wanted.client_max_window_bits === "number") {
    parts.push(`client_max_window_bits=${wanted.client_max_window_bits}`);
    agreed.client.bits = wanted.client_max_window_bits;
  } else if (has("limits-the-client-unasked")) {
    parts.push("client_max_window_bits=15");
  }
  return { ...agreed, perFrame: false, text: parts.join("; ") };
}

// Parameters of the offer limit this server; it asks for nothing itself.
function answerPerFrame({ name, params }) {
  if (name !== "deflate-frame" && name !== "x-webkit-deflate-frame") return null;
  const wanted = Object.fromEntries(params);
  const fits = params.every(([key, value]) => key === "no_context_takeover" ? value === true : key === "max_window_bits" && isBits(value));
  if (!fits || Object.keys(wanted).length !== params.length) return null;
  return { client: { bits: 15, takeover: true }, perFrame: true, text: name,
           server: { bits: Number(wanted.max_window_bits ?? 15), takeover: !wanted.no_context_takeover } };
}

// Returns: {text, perFrame, client, server}, or null for none.
export function chooseExtension(offers, version, has) {
  const permessage = version === 13 ? offers.map(offer => readPermessage(offer, has)).find(wanted => wanted) : undefined;
  if (permessage) return answerPermessage(permessage, has);
  return (version === 13 || version === 8) && offers.map(answerPerFrame).find(answer => answer) || null;
}
