// Payloads as the case files describe them, made into bytes. README.md has the language.

// The generator that README.md fixes, so that every runner makes the same bytes.
function fillNoise(bytes, seed, letters) {
  let x = seed & 0x7fffffff;
  for (let i = 0; i < bytes.length; ++i) {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = letters ? 97 + (x >> 16) % 26 : (x >> 16) & 0xff;
  }
  return bytes;
}

// A number, or {"limit": d}: the server's message limit plus d.
export function sizeOf(size, limit) {
  if (typeof size === "number") return size;
  if (typeof size?.limit === "number") return limit + size.limit;
  throw new Error(`not a size: ${JSON.stringify(size)}`);
}

export function hexBytes(text) {
  const digits = text.replace(/\s+/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hex: ${text}`);
  return Buffer.from(digits, "hex");
}

// Whole units as often as they fit. What is left over is filled with dots after text, which must not be
// cut inside a character, and with the start of the unit after bytes.
function repeated(unit, isText, size) {
  const bytes = Buffer.alloc(size);
  if (unit.length === 0 || size === 0) return bytes;
  bytes.fill(unit);
  if (isText) bytes.fill(0x2e, size - size % unit.length);
  return bytes;
}

// 16 MiB need not be made again for each case that uses them.
const kKept = 4, kWorthKeeping = 1 << 20;
const kept = new Map();

export function bytesOf(payload, limit) {
  if (payload === null || payload === undefined) return Buffer.alloc(0);
  if (typeof payload === "string") return Buffer.from(payload, "utf8");
  const key = JSON.stringify([payload, limit]);
  if (kept.has(key)) return kept.get(key);
  const bytes = make(payload, limit);
  if (bytes.length >= kWorthKeeping) {
    if (kept.size >= kKept) kept.delete(kept.keys().next().value);
    kept.set(key, bytes);
  }
  return bytes;
}

function make(payload, limit) {
  if (Array.isArray(payload)) return Buffer.concat(payload.map(part => bytesOf(part, limit)));
  if (typeof payload.hex === "string") return hexBytes(payload.hex);
  if ("repeat" in payload) {
    const unit = bytesOf(payload.repeat, limit);
    const size = "times" in payload ? unit.length * payload.times : sizeOf(payload.bytes, limit);
    return repeated(unit, typeof payload.repeat === "string", size);
  }
  if ("noise" in payload) return fillNoise(Buffer.alloc(sizeOf(payload.bytes, limit)), payload.noise, false);
  if ("letters" in payload) return fillNoise(Buffer.alloc(sizeOf(payload.bytes, limit)), payload.letters, true);
  throw new Error(`not a payload: ${JSON.stringify(payload)}`);
}

// For reports: short, in hex, with the length.
export function shown(bytes, most = 48) {
  const start = bytes.subarray(0, most).toString("hex");
  return `${bytes.length} bytes: ${start}${bytes.length > most ? ".." : ""}`;
}
