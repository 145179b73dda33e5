// What the wire versions differ in.

const kOld = { continuation: 0, close: 1, ping: 2, pong: 3, text: 4, binary: 5 };
const kNew = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// sentinel: 00..FF framing. more: the top bit of byte 0 says that fragments follow, not that this is the last.
// mask: none | payload (a key after the length) | frame (4 byte key, header too) | nonce (SHA-1 key, header too).
// codes: whether a close frame has one.
const kVersions = {
  75: { sentinel: true, mask: "none" },
  76: { sentinel: true, mask: "none" },
  1: { opcodes: kOld, more: true, mask: "none" },
  2: { opcodes: kOld, more: true, mask: "none" },
  4: { opcodes: kOld, mask: "nonce" },
  5: { opcodes: kOld, mask: "frame" },
  6: { opcodes: kOld, mask: "frame", codes: true },
  7: { opcodes: kNew, mask: "payload", codes: true },
  8: { opcodes: kNew, mask: "payload", codes: true },
  13: { opcodes: kNew, mask: "payload", codes: true },
};

export const kAllVersions = Object.keys(kVersions).map(Number);

export function traitsOf(version) {
  const traits = kVersions[version];
  if (!traits) throw new Error(`no such version: ${version}`);
  return traits;
}

export const kinds = Object.keys(kNew);

export function nameOf(opcode, opcodes) {
  return Object.keys(opcodes).find(name => opcodes[name] === opcode);
}

export function isControl(name) {
  return name === "close" || name === "ping" || name === "pong";
}

// Close codes a server may send, also as the echo of the peer's. RFC 6455 7.4, and the registry after it;
// before 13 the drafts left more of them open.
export function mayBeSent(code, version) {
  if (version === 13) return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return code >= 1000 && code <= 4999 && ![1005, 1006, 1015].includes(code);
}
