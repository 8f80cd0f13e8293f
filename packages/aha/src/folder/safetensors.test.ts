/** The safetensors format against files of Python's own library, and against every way a file can lie. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSafetensors, readSafetensorsHeader, SafetensorsError, writeSafetensors } from "./safetensors.ts";

const fixtures = join(import.meta.dirname, "../../test/fixtures");
const folder = mkdtempSync(join(tmpdir(), "aha-safetensors-"));
const described: { name: string; shape: number[]; hex: string }[] = JSON.parse(
  readFileSync(join(fixtures, "dtypes.json"), "utf8"),
);

/** A file with the given header text (or declared length) and data. */
function makeFile(header: string | Uint8Array, data: Uint8Array | number = 0, declared?: bigint): string {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(declared ?? BigInt(json.length));
  const path = join(folder, `${Math.random().toString(36).slice(2)}.safetensors`);
  writeFileSync(path, Buffer.concat([length, json, typeof data === "number" ? Buffer.alloc(data) : data]));
  return path;
}

function tensor(dtype: string, shape: unknown, offsets: unknown): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}

test("a file of Python's library reads back, every element type of it", () => {
  const file = openSafetensors(join(fixtures, "dtypes.safetensors"));
  assert.deepEqual(file.header.metadata, { format: "pt" });
  assert.equal(file.header.tensors.size, described.length);
  for (const { name, shape, hex } of described) {
    assert.deepEqual(file.header.tensors.get(name)?.shape, shape, name);
    assert.equal(Buffer.from(file.read(name)).toString("hex"), hex, name);
  }
  const target = new Float64Array(4);
  file.read("f64", new Uint8Array(target.buffer));
  assert.deepEqual([...target], [1.5, -2.25, 1e300, 0.1]);
  assert.throws(() => file.read("f64", new Uint8Array(3)), /target of 32 bytes, got 3/);
  assert.throws(() => file.read("absent"), SafetensorsError);
  file.close();
  file.close();
  assert.throws(() => file.read("f64"), /closed/);
});

test("what we write is what Python's library writes, byte for byte", () => {
  const source = openSafetensors(join(fixtures, "dtypes.safetensors"));
  const path = join(folder, "same.safetensors");
  const entries = described.map(({ name, shape, hex }) => ({
    name,
    shape,
    dtype: source.header.tensors.get(name)?.dtype ?? "U8",
    bytes: () => Buffer.from(hex, "hex"),
  }));
  writeSafetensors(path, entries);
  source.close();
  assert.deepEqual(readFileSync(path), readFileSync(join(fixtures, "dtypes.safetensors")));
});

test("data begin on eight bytes, entries are asked for once and in turn, and names survive", () => {
  const path = join(folder, "order.safetensors");
  const asked: string[] = [];
  const names = ["10", "2", "__proto__", "b", "a"];
  const entries = names.map((name) => ({
    name,
    dtype: name === "b" ? ("F32" as const) : ("U8" as const),
    shape: name === "b" ? [1] : [3],
    bytes: () => {
      asked.push(name);
      return new Uint8Array(name === "b" ? 4 : 3).fill(name.length);
    },
  }));
  writeSafetensors(path, entries, {});
  assert.deepEqual(asked, ["b", "10", "2", "__proto__", "a"]);
  const header = readSafetensorsHeader(path);
  assert.equal(header.dataOffset % 8, 0);
  assert.deepEqual(header.metadata, {});
  assert.deepEqual([...header.tensors.keys()].sort(), [...names].sort());
});

test("a failed write leaves the old file and nothing else", () => {
  const place = mkdtempSync(join(tmpdir(), "aha-atomic-"));
  const path = join(place, "model.safetensors");
  const entry = (bytes: number) => ({
    name: "w",
    dtype: "U8" as const,
    shape: [4],
    bytes: () => new Uint8Array(bytes),
  });
  writeSafetensors(path, [entry(4)]);
  const before = readFileSync(path);
  assert.throws(() => writeSafetensors(path, [entry(3)]), /tensor "w".*expected 4 bytes for U8 \[4\], got 3/);
  const failing = { ...entry(4), bytes: () => assert.fail("no more memory") };
  assert.throws(() => writeSafetensors(path, [failing]), /no more memory/);
  assert.deepEqual(readFileSync(path), before);
  assert.deepEqual(readdirSync(place), ["model.safetensors"]);
});

test("entries that no reader could tell apart or hold are refused", () => {
  const path = join(folder, "refused.safetensors");
  const entry = (name: string, shape: number[]) => ({
    name,
    dtype: "F32" as const,
    shape,
    bytes: () => new Uint8Array(4),
  });
  assert.throws(() => writeSafetensors(path, [entry("w", [1]), entry("w", [1])]), SafetensorsError);
  assert.throws(() => writeSafetensors(path, [entry("__metadata__", [1])]), SafetensorsError);
  for (const shape of [[-1], [1.5], [2 ** 40, 2 ** 40], [Number.NaN]]) {
    assert.throws(() => writeSafetensors(path, [entry("w", shape)]), /shape of whole numbers/);
  }
});

const good = tensor("F32", [2], [0, 8]);
const lies: [string, () => string, RegExp][] = [
  ["no file", () => join(folder, "absent.safetensors"), /readable file.*ENOENT/],
  ["a folder", () => folder, /not a file/],
  ["an empty file", () => emptyFile(), /at least 8 bytes.*got 0 bytes/],
  ["a header longer than the limit", () => makeFile("{}", 0, 100_000_001n), /at most 100000000/],
  ["a header length of 2^64 − 1", () => makeFile("{}", 0, 2n ** 64n - 1n), /18446744073709551615/],
  ["a header past the file's end", () => makeFile("{}", 0, 99n), /header of 99 bytes/],
  ["a header that is not JSON", () => makeFile('{"a":'), /header in JSON/],
  ["a header that is not UTF-8", () => makeFile(Uint8Array.of(0x7b, 0xff, 0x7d)), /header in JSON/],
  ["a header that is a list", () => makeFile("[]"), /begins with a JSON object/],
  ["a header that is padded in front", () => makeFile(" {}"), /begins with a JSON object/],
  ["a tensor named twice", () => makeFile(`{"a":${good},"\\u0061":${good}}`, 8), /"a" twice/],
  ["a field stated twice", () => makeFile(`{"a":{"dtype":"F32",${good.slice(1)}}`, 8), /"dtype" twice/],
  [
    "metadata that is no map of strings",
    () => makeFile('{"__metadata__":{"a":1}}'),
    /__metadata__\.a.*string/,
  ],
  ["metadata that is a list", () => makeFile('{"__metadata__":[]}'), /__metadata__/],
  ["a tensor that is a number", () => makeFile('{"a":1}'), /tensor "a".*object/],
  [
    "an unknown dtype",
    () => makeFile(`{"a":${tensor("F4", [2], [0, 8])}}`, 8),
    /tensor "a".*dtype among.*"F4"/,
  ],
  [
    "an inherited name as dtype",
    () => makeFile(`{"a":${tensor("toString", [2], [0, 8])}}`, 8),
    /dtype among/,
  ],
  ["a negative size", () => makeFile(`{"a":${tensor("F32", [-2], [0, 8])}}`, 8), /whole numbers ≥ 0.*-2/],
  ["a size that is a string", () => makeFile(`{"a":${tensor("F32", ["2"], [0, 8])}}`, 8), /whole numbers/],
  [
    "a shape that overflows",
    () => makeFile(`{"a":${tensor("F32", [2 ** 32, 2 ** 32], [0, 8])}}`, 8),
    /fewer than 2\^53/,
  ],
  ["offsets that run backwards", () => makeFile(`{"a":${tensor("F32", [2], [8, 0])}}`, 8), /start ≤ end/],
  ["negative offsets", () => makeFile(`{"a":${tensor("F32", [2], [-8, 0])}}`, 8), /start ≤ end/],
  [
    "offsets that do not fit the shape",
    () => makeFile(`{"a":${tensor("F32", [3], [0, 8])}}`, 8),
    /12 bytes for F32 \[3\]/,
  ],
  ["data past the file's end", () => makeFile(`{"a":${good}}`, 7), /within the file's 7 data bytes/],
  ["data that no tensor owns", () => makeFile(`{"a":${good}}`, 9), /8 data bytes.*got 9/],
  ["overlap", () => makeFile(`{"a":${good},"b":${tensor("F32", [2], [4, 12])}}`, 12), /tensor "b".*overlap/],
  ["a hole", () => makeFile(`{"a":${good},"b":${tensor("F32", [1], [12, 16])}}`, 16), /hole of 4 bytes/],
];

function emptyFile(): string {
  const path = join(folder, "empty.safetensors");
  writeFileSync(path, "");
  return path;
}

for (const [what, make, message] of lies) {
  test(`refused: ${what}`, () => {
    const path = make();
    assert.throws(
      () => readSafetensorsHeader(path),
      (error: unknown) =>
        error instanceof SafetensorsError && error.message.startsWith(path) && message.test(error.message),
    );
    assert.throws(() => openSafetensors(path), SafetensorsError);
  });
}

test("every truncation of a good file is refused", () => {
  const bytes = readFileSync(join(fixtures, "dtypes.safetensors"));
  const path = join(folder, "truncated.safetensors");
  for (let length = 0; length < bytes.length; length += length < 16 ? 1 : 13) {
    writeFileSync(path, bytes.subarray(0, length));
    assert.throws(() => readSafetensorsHeader(path), SafetensorsError, `${length} bytes`);
  }
});

test("a key that repeats in another object, in a string or in a list is no duplicate", () => {
  const json = `{"a":${good},"b":${tensor("F32", [1], [8, 12])},"__metadata__":{"a":"{\\"a\\",\\\\","b":"a"}}`;
  const header = readSafetensorsHeader(makeFile(json, 12));
  assert.deepEqual([...header.tensors.keys()], ["a", "b"]);
  assert.deepEqual(header.metadata, { a: '{"a",\\', b: "a" });
});
