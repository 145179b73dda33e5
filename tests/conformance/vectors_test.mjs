// The runner's own frames and keys against byte vectors that were made elsewhere: what it tests with is right.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader } from "./lib/frame_reader.mjs";
import { FrameWriter, connectionKey } from "./lib/frame_writer.mjs";
import { acceptOf, proofOf } from "./lib/request.mjs";
import { SentinelReader } from "./lib/sentinel_reader.mjs";

const kKey = "dGhlIHNhbXBsZSBub25jZQ==";
const kSecret = connectionKey(kKey, "H+cNj5elaybfGIQv1esl2w==");
const kMask = "37fa213d";

const kHello = { text: "Hello", mask: kMask };
const kBinary = { binary: { hex: "0001ff" }, mask: kMask };
const kHel = { text: "Hel", fin: false, mask: kMask };
const kLo = { continuation: "lo", mask: kMask };
const kPing = { ping: "Hello", mask: kMask };
const kPong = { pong: "Hello", mask: kMask };
const kEmpty = { text: "", mask: kMask };
const kClose = { close: null, mask: kMask };
const kBye = { close: 1000, reason: "bye", mask: kMask };

const kClient = [
  [[1, 2], kHello, "040548656c6c6f"], [[1, 2], kBinary, "05030001ff"], [[1, 2], kHel, "840348656c"], [[1, 2], kLo, "00026c6f"],
  [[1, 2], kPing, "020548656c6c6f"], [[1, 2], kPong, "030548656c6c6f"], [[1, 2], kClose, "0100"],
  [[4], kHello, "37fa213db465523503be58"], [[4], kBinary, "37fa213db5631a5190"], [[4], kHel, "37fa213d3463523503"],
  [[4], kLo, "37fa213db062763f"], [[4], kPing, "37fa213db265523503be58"], [[4], kPong, "37fa213db365523503be58"],
  [[4], kEmpty, "37fa213db460"], [[4], kClose, "37fa213db160"], [[4], { close: "bye", mask: kMask }, "37fa213db16378290a"],
  [[4], { text: { repeat: "a", bytes: 30 }, mask: kMask }, "37fa213db47e7b310eb356705ab7e62670d6f1962ce1095651017b310eb356705ab7e626"],
  [[5, 6], kHello, "37fa213db3ff69585b964e"], [[5, 6], kBinary, "37fa213db2f9213cc8"], [[5, 6], kHel, "37fa213d33f969585b"],
  [[5, 6], kLo, "37fa213db7f84d52"], [[5, 6], kPing, "37fa213db5ff69585b964e"], [[5, 6], kPong, "37fa213db4ff69585b964e"],
  [[5, 6], kEmpty, "37fa213db3fa"], [[5, 6], kClose, "37fa213db6fa"], [[6], kBye, "37fa213db6ff22d5558344"],
  [[7, 8, 13], kHello, "818537fa213d7f9f4d5158"], [[7, 8, 13], kBinary, "828337fa213d37fbde"], [[7, 8, 13], kHel, "018337fa213d7f9f4d"],
  [[7, 8, 13], kLo, "808237fa213d5b95"], [[7, 8, 13], kPing, "898537fa213d7f9f4d5158"], [[7, 8, 13], kPong, "8a8537fa213d7f9f4d5158"],
  [[7, 8, 13], kEmpty, "818037fa213d"], [[7, 8, 13], kClose, "888037fa213d"], [[7, 8, 13], kBye, "888537fa213d3412434452"],
  [[75, 76], kHello, "0048656c6c6fff"], [[75, 76], { text: "日本" }, "00e697a5e69cacff"],
];

const kServer = [
  [[1, 2], "840348656c00026c6f", "text", "Hello"], [[1, 2], "030548656c6c6f", "pong", "Hello"], [[1, 2], "0103627965", "close", "bye"],
  [[4, 5, 6], "040348656c80026c6f", "text", "Hello"], [[4, 5, 6], "830548656c6c6f", "pong", "Hello"], [[5], "810153", "close", "S"],
  [[7, 8, 13], "010348656c80026c6f", "text", "Hello"], [[7, 8, 13], "8a0548656c6c6f", "pong", "Hello"],
  [[7, 8, 13], "880503e8627965", "close", "\u0003\u00e8bye"],
];

test("client frames", () => {
  for (const [versions, item, hex] of kClient) {
    for (const version of versions) {
      const writer = new FrameWriter(version, { secret: kSecret });
      assert.equal(writer.bytes(item).toString("hex"), hex, `version ${version}, ${JSON.stringify(item)}`);
    }
  }
});

test("server frames, whole and byte by byte", () => {
  for (const [versions, hex, kind, payload] of kServer) {
    for (const version of versions) {
      for (const step of [1, 100]) {
        const reader = new FrameReader(version);
        const bytes = Buffer.from(hex, "hex");
        for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
        const [event] = reader.events;
        assert.deepEqual([event.kind, event.payload.toString("latin1"), reader.atRest], [kind, payload, true], `version ${version}, ${hex}`);
      }
    }
  }
});

test("sentinel frames, whole and byte by byte", () => {
  for (const step of [1, 100]) {
    const reader = new SentinelReader(76);
    const bytes = Buffer.from("0048656c6c6fff00c3a9ff00ffff00", "hex");
    for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
    assert.deepEqual(reader.events.map(({ kind, payload }) => [kind, payload.toString()]),
                     [["text", "Hello"], ["text", "é"], ["text", ""], ["close", ""]]);
  }
});

test("what a server must not send is noticed", () => {
  const wrong = ["918548656c6c6f", "818500000000", "830548656c6c6f", "817e000548656c6c6f", "817f0000000000000005", "8a7e0080", "090548656c6c6f",
                 "80026c6f", "010161810162", "8101ff", "880103", "880203ed", "880403e8ffff", "880203e800", "c10548656c6c6f"];
  for (const hex of wrong) assert.throws(() => new FrameReader(13).push(Buffer.from(hex, "hex")), hex);
  for (const hex of ["0161ff", "80036162", "ff01", "00ffff0000", "0080ff"]) {
    assert.throws(() => new SentinelReader(76).push(Buffer.from(hex, "hex")), hex);
  }
});

test("keys and proofs", () => {
  assert.equal(kSecret.toString("hex"), "6322a2adc02bc433e3896d34410b74bb7739f960");
  assert.equal(acceptOf(kKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  assert.equal(acceptOf("x3JJHMbDL1EzLkh9GBhXDw=="), "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
  const proofs = [["4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", "5e6e3a64735b3455", "386a4b5327793a472a436f2c5778612d"],
                  ["18x 6]8vM;54 *(5:  {   U1]8  z [  8", "1_ tx7X d  <  nw  334J702) 7]o}` 0", "546d5b4b20543275", "66514a2c664e2f344634217e4b7e4d48"],
                  ["3e6b263  4 17 80", "17  9 G`ZD9   2 2b 7X 3 /r90", "576a4e7d7c4d2836", "6e603965426b397a245238704f745662"]];
  for (const [key1, key2, key3, proof] of proofs) assert.equal(proofOf(key1, key2, Buffer.from(key3, "hex")).toString("hex"), proof);
});
