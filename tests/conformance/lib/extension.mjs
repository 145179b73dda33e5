// Sec-WebSocket-Extensions: reads offers and answers, and checks an answer against the offers. RFC 7692 7.1.
import { Violation } from "./violation.mjs";

const kFlags = ["server_no_context_takeover", "client_no_context_takeover"];
const kBits = ["server_max_window_bits", "client_max_window_bits"];
const kPerFrame = ["deflate-frame", "x-webkit-deflate-frame"];

export function parseExtensions(text) {
  return text.split(",").map(part => part.trim()).filter(part => part).map(part => {
    const [name, ...params] = part.split(";").map(piece => piece.trim());
    return { name, params: params.map(param => {
      const at = param.indexOf("=");
      return at < 0 ? [param, true] : [param.slice(0, at).trim(), param.slice(at + 1).trim().replace(/^"(.*)"$/, "$1")];
    }) };
  });
}

const isBits = value => /^(8|9|1[0-5])$/.test(value);

// An offer as an object, or null if it is not one of permessage-deflate that may be accepted.
function readOffer({ name, params }) {
  if (name !== "permessage-deflate") return null;
  const offer = {};
  for (const [key, value] of params) {
    const fits = kFlags.includes(key) ? value === true
      : key === "client_max_window_bits" ? value === true || isBits(value)
      : key === "server_max_window_bits" && value !== true && isBits(value);
    if (!fits || key in offer) return null;
    offer[key] = value === true ? true : Number(value);
  }
  return offer;
}

function answersTo(offer, answer) {
  if (offer.server_no_context_takeover && !answer.server_no_context_takeover) return false;
  if ("server_max_window_bits" in offer && !(answer.server_max_window_bits <= offer.server_max_window_bits)) return false;
  if (!("client_max_window_bits" in answer)) return true;
  if (!("client_max_window_bits" in offer)) return false;
  return offer.client_max_window_bits === true || answer.client_max_window_bits <= offer.client_max_window_bits;
}

function checkPerFrame({ name, params }, offered) {
  const answer = { name, per_frame: true };
  if (!offered.some(offer => offer.name === name)) throw new Violation(`the extension ${name}, which was not offered`, "RFC 6455 9.1");
  for (const [key, value] of params) {
    const fits = key === "no_context_takeover" ? value === true : key === "max_window_bits" && value !== true && isBits(value);
    if (!fits || key in answer) throw new Violation(`parameter ${key} of ${name}`, "draft perframe-deflate");
    answer[key] = value === true ? true : Number(value);
  }
  // Parameters limit who receives them.
  const limits = Object.fromEntries(offered.find(offer => offer.name === name).params);
  return { name, perFrame: true, answer,
           client: { bits: answer.max_window_bits ?? 15, takeover: !answer.no_context_takeover },
           server: { bits: Number(limits.max_window_bits ?? 15), takeover: !limits.no_context_takeover } };
}

// What was agreed: null, or {name, answer, client: {bits, takeover}, server: {bits, takeover}}.
export function checkAnswer(offerText, answerText) {
  if (answerText === undefined) return null;
  const offered = offerText === undefined ? [] : parseExtensions(offerText);
  const answered = parseExtensions(answerText);
  if (answered.length !== 1) throw new Violation(`not one extension: ${answerText}`, "RFC 6455 9.1");
  const [{ name, params }] = answered;
  if (kPerFrame.includes(name)) return checkPerFrame(answered[0], offered);
  if (!offered.some(offer => offer.name === name)) throw new Violation(`the extension ${name}, which was not offered`, "RFC 6455 9.1");
  const answer = {};
  for (const [key, value] of params) {
    const fits = kFlags.includes(key) ? value === true : kBits.includes(key) && value !== true && isBits(value);
    if (!fits) throw new Violation(`parameter ${key} in the answer: ${answerText}`, "RFC 7692 7.1");
    if (key in answer) throw new Violation(`parameter ${key} twice: ${answerText}`, "RFC 7692 7.1");
    answer[key] = value === true ? true : Number(value);
  }
  if (!offered.map(readOffer).some(offer => offer && answersTo(offer, answer))) {
    throw new Violation(`${answerText}, which answers no offer in ${offerText}`, "RFC 7692 7.1");
  }
  return { name, perFrame: false, answer,
           client: { bits: answer.client_max_window_bits ?? 15, takeover: !answer.client_no_context_takeover },
           server: { bits: answer.server_max_window_bits ?? 15, takeover: !answer.server_no_context_takeover } };
}
