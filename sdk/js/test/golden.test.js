// The golden bytes, which the Rust implementation makes: they are read and written here as they are there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { EnvelopeDecoder, PREFACE, PlainDecoder, WireError, encodeFrame, encodeHead, encodeMessage } from "../src/index.js";

const golden = JSON.parse(readFileSync(new URL("../../../tests/wire/golden.json", import.meta.url)));
const HELLO = encodeMessage({ kind: "hello", window: 262_144, calls: 128, idle: 0 });

/** The fields that are bytes, and stand as hex in the file. */
const BYTES = ["data", "handle", "token"];

const fromHex = (text) => Uint8Array.from(text.split(" ").filter(Boolean), (pair) => Number.parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

function withBytes(says) {
  return mapBytes(says, fromHex);
}

function withHex(message) {
  return mapBytes(message, toHex);
}

function mapBytes(message, change) {
  const changed = { ...message };
  for (const key of BYTES) if (key in changed) changed[key] = change(changed[key]);
  return changed;
}

for (const { name, bytes, says } of golden.envelope) {
  test(`envelope: ${name}`, () => {
    assert.equal(toHex(encodeMessage(withBytes(says))), bytes);
    // Byte by byte, behind the preface and a hello where it is none.
    const decoder = new EnvelopeDecoder();
    const before = says.kind === "hello" ? [...PREFACE] : [...PREFACE, ...HELLO];
    const messages = [...before, ...fromHex(bytes)].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
    assert.deepEqual(withHex(messages.at(-1)), says);
  });
}

for (const { name, from, bytes, says } of golden.plain) {
  test(`plain: ${name}`, () => {
    const head = says.instance === undefined ? [] : [...encodeHead(says.instance, says.function)];
    const frames = says.frames.flatMap(({ path, data }) => [...encodeFrame(path, fromHex(data))]);
    assert.equal(toHex([...head, ...frames]), bytes);

    for (const size of [1, 2, 3, 1000]) {
      const decoder = new PlainDecoder(from);
      const all = fromHex(bytes);
      const items = [];
      for (let at = 0; at < all.length; at += size) items.push(...decoder.push(all.slice(at, at + size)));
      decoder.finish();
      const seen = { frames: [] };
      for (const item of items) {
        const last = seen.frames.at(-1);
        if (item.data === undefined) Object.assign(seen, item);
        else if (last && String(last.path) === String(item.path)) last.data += ` ${toHex(item.data)}`;
        else seen.frames.push(withHex(item));
      }
      assert.deepEqual(seen, says, `in pieces of ${size}`);
    }
  });
}

test("a plain call that is cut is refused", () => {
  const bytes = fromHex(golden.plain[0].bytes);
  const headEnd = bytes.length - 5;
  for (let cut = 0; cut < bytes.length; cut += 1) {
    const decoder = new PlainDecoder("caller");
    decoder.push(bytes.slice(0, cut));
    if (cut === headEnd) decoder.finish();
    else assert.throws(() => decoder.finish(), WireError, `cut at ${cut}`);
  }
});

test("what breaks the protocol is refused, and what may be ignored is ignored", () => {
  const refuse = (...bytes) =>
    assert.throws(() => new EnvelopeDecoder().push(Uint8Array.from([...PREFACE, ...bytes])), WireError);
  assert.throws(() => new EnvelopeDecoder().push(fromHex("00")), WireError);
  refuse(...encodeMessage({ kind: "cancel", call: 1 }));
  refuse(...HELLO, ...HELLO);
  refuse(...encodeMessage({ kind: "hello", window: 1, calls: 128, idle: 0 }));
  refuse(...HELLO, 0x3f, 0, 0);
  refuse(...HELLO, 3, 1, 0x81, 0x80, 0x0a);
  refuse(...HELLO, 3, 0xff, 0xff, 0xff, 0xff, 0x1f);
  refuse(...HELLO, 3, 1, 1, 65);
  refuse(...HELLO, 6, 0, 0);
  refuse(...HELLO, 9, 0, 1, 0);
  const later = Uint8Array.from([...PREFACE, ...HELLO, 0x7f, 0, 2, 1, 2, 6, 1, 3, 0, 0, 0]);
  assert.deepEqual(new EnvelopeDecoder().push(later).at(-1), { kind: "cancel", call: 1 });
});
