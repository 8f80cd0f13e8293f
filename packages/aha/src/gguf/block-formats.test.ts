/** Every block format against ggml's own Python package: the same float32 bits read, the same bytes written. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { blockFormats, readBlocks, writeBlocks } from "./block-formats.ts";

interface Frozen {
  readonly read: Readonly<Record<string, { readonly bytes: string; readonly values: string }>>;
  readonly written: Readonly<Record<string, { readonly bytes: string; readonly values: string }>>;
}
const file = new URL("../../test/fixtures/gguf-blocks.json", import.meta.url);
const frozen = JSON.parse(readFileSync(file, "utf8")) as Frozen;

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
const floatsOf = (text: string): Float32Array => new Float32Array(bytesOf(text).buffer);
const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, 0, values.length);

test("every format is covered", () => {
  assert.deepEqual(Object.keys(frozen.read).sort(), [...blockFormats.keys()].sort());
});

for (const [name, { bytes, values }] of Object.entries(frozen.read)) {
  test(`${name} is read to the same bits`, () => {
    const format = blockFormats.get(name) ?? assert.fail(name);
    assert.deepEqual(bitsOf(readBlocks(format, bytesOf(bytes))), bitsOf(floatsOf(values)));
  });
}

for (const [name, { bytes, values }] of Object.entries(frozen.written)) {
  test(`${name} is written to the same bytes`, () => {
    const format = blockFormats.get(name) ?? assert.fail(name);
    assert.deepEqual(writeBlocks(format, floatsOf(values)), bytesOf(bytes));
  });
}

test("a format that is only read refuses to be written", () => {
  const format = blockFormats.get("Q4_K") ?? assert.fail();
  assert.throws(() => writeBlocks(format, new Float32Array(256)), /Q4_K is read, but not written/);
});
