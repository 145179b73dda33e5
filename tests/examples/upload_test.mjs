// examples/upload: what is kept, what is refused, and that nothing is left of the latter.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../waiting.mjs";
import { open, withDeadline, withExample } from "./example.mjs";

const kMaxFileBytes = 8 << 20;

// Runs the example on a folder of its own.
async function withUploads(body) {
  const folder = mkdtempSync(join(tmpdir(), "hybi-upload-test-"));
  try {
    await withExample("upload", example => body(example, join(folder, "files"), join(folder, "incoming")), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function send(example, ticket, bytes, name) {
  const form = new FormData();
  form.append("file", new Blob([bytes]), name);
  return fetch(example.url(`/files?ticket=${ticket}`), { method: "POST", body: form });
}

// Bytes that are the same nowhere else in the file.
function content(size) {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) bytes.writeUInt32LE(i * 2654435761 % 2 ** 32, i);
  return bytes;
}

test("upload: a file arrives, and who sends it hears how far", () => withUploads(async (example, files, incoming) => {
  const [mine, other] = [await open(example.ws("/live/mine")), await open(example.ws("/live/other"))];
  for (const socket of [mine, other]) assert.deepEqual(JSON.parse(await socket.next()), { files: [] });

  const sent = content(7 << 20);
  const answer = await send(example, "mine", sent, "größe & <b>.bin");
  assert.equal(answer.status, 201);
  const name = "größe & b.bin";
  assert.deepEqual(await answer.json(), { names: [name] });

  const steps = [];
  let message;
  while ((message = JSON.parse(await mine.next())).percent !== undefined) steps.push(message.percent);
  assert.ok(steps.length >= 3, `${steps.length} steps`);
  assert.deepEqual(steps, [...new Set(steps)].sort((a, b) => a - b), "never back");
  assert.ok(steps.at(-1) >= 99);
  assert.deepEqual(message, { files: [{ name, bytes: sent.length }] });
  assert.deepEqual(JSON.parse(await other.next()), message, "others see the list, not the progress");

  const got = await fetch(example.url(`/files/${encodeURIComponent(name)}`));
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), sent);
  assert.match(got.headers.get("content-disposition"), /^attachment/);
  assert.match(got.headers.get("content-security-policy"), /^sandbox/);

  // Nobody's file is replaced, and a name is no path.
  assert.deepEqual(await (await send(example, "", "another", name)).json(), { names: ["größe & b (2).bin"] });
  assert.deepEqual(await (await send(example, "", "evil", "../../../.evil.sh")).json(), { names: ["evil.sh"] });
  assert.deepEqual(readdirSync(files).sort(), ["evil.sh", "größe & b (2).bin", name].sort());
  assert.deepEqual(readFileSync(join(files, name)), sent);
  const long = "x".repeat(255);
  assert.deepEqual(await (await send(example, "", "as long as it gets", long)).json(), { names: [long] });
  assert.equal((await send(example, "", "and a number would be too much", long)).status, 507);
  assert.deepEqual(readdirSync(incoming), []);
  for (const socket of [mine, other]) await socket.leave();
}));

test("upload: what is refused leaves nothing", () => withUploads(async (example, files, incoming) => {
  const socket = await open(example.ws("/live/t"));
  await socket.next();
  const problem = "That is too large: a file may have 8 MiB at most.";

  // Only its last byte is too much: all of it was on disk already.
  const answer = await send(example, "t", content(kMaxFileBytes + 1), "big.bin");
  assert.equal(answer.status, 413);
  assert.equal(await answer.text(), problem);
  let message;
  while ((message = JSON.parse(await socket.next())).percent !== undefined) continue;
  assert.deepEqual(message, { problem });
  assert.deepEqual([readdirSync(files), readdirSync(incoming)], [[], []]);

  // Refused by what its head announces, before any of it has come.
  const head = length => `POST /files?ticket=t HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n` +
    "Content-Type: multipart/form-data; boundary=b\r\n\r\n";
  const huge = net.connect(example.port, "127.0.0.1");
  huge.write(head(10 ** 12));
  const [first] = await withDeadline(once(huge, "data"), "an answer");
  assert.match(first.toString(), /^HTTP\/1\.1 413 /);
  huge.destroy();
  assert.deepEqual(JSON.parse(await socket.next()), { problem });

  // Cut in the middle.
  const cut = net.connect(example.port, "127.0.0.1");
  cut.write(`${head(5 << 20)}--b\r\nContent-Disposition: form-data; name="file"; filename="half.bin"\r\n\r\n`);
  cut.write(content(1 << 20));
  await until(() => readdirSync(incoming).length === 1, "half a file is there");
  cut.destroy();
  await until(() => readdirSync(incoming).length === 0, "it is gone");

  const empty = new FormData();
  empty.append("text", "no file");
  assert.equal((await fetch(example.url("/files"), { method: "POST", body: empty })).status, 400);
  assert.equal((await fetch(example.url("/files"), { method: "POST", body: "no form" })).status, 415);
  assert.deepEqual([readdirSync(files), readdirSync(incoming)], [[], []]);
  await socket.leave();
}));
