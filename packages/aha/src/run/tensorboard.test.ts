/** TensorBoard's file format, decoded independently of how it was written. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import {
  restartEvent,
  scalarEvent,
  TensorboardWriter,
  tensorboardRecord,
  varint,
  versionEvent,
} from "./tensorboard.ts";

const folder = mkdtempSync(join(tmpdir(), "aha-tensorboard-"));
after(() => rmSync(folder, { recursive: true }));

/** Splits TFRecord frames, checking both checksums of each. */
function records(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    assert.equal(bytes.readUInt32LE(at + 8), maskedCrc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(bytes.readUInt32LE(at + 12 + length), maskedCrc32c(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

/** The fields of a protocol buffer by number; repeated ones in order. */
function fields(bytes: Buffer): Map<number, Array<number | Buffer>> {
  const found = new Map<number, Array<number | Buffer>>();
  let at = 0;
  const readVarint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = readVarint();
    const [number, type] = [key >> 3, key & 7];
    let value: number | Buffer;
    if (type === 0) value = readVarint();
    else if (type === 1) [value, at] = [bytes.readDoubleLE(at), at + 8];
    else if (type === 5) [value, at] = [bytes.readFloatLE(at), at + 4];
    else {
      const length = readVarint();
      [value, at] = [bytes.subarray(at, at + length), at + length];
    }
    found.set(number, [...(found.get(number) ?? []), value]);
  }
  return found;
}

const message = (value: number | Buffer | undefined) => {
  assert.ok(Buffer.isBuffer(value));
  return value;
};

test("CRC-32C has the values of RFC 3720", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
});

test("varints are base 128, beyond 32 bits too", () => {
  assert.deepEqual([...varint(0)], [0]);
  assert.deepEqual([...varint(300)], [172, 2]);
  assert.deepEqual([...varint(2 ** 40)], [128, 128, 128, 128, 128, 32]);
});

test("scalars, the version and a restart read back", () => {
  const event = fields(scalarEvent(12.5, 300, { loss: 0.25, "rewards/accuracy/mean": 0.5 }));
  assert.deepEqual([event.get(1), event.get(2)], [[12.5], [300]]);
  const values = (fields(message(event.get(5)?.[0])).get(1) ?? []).map((value) => fields(message(value)));
  assert.deepEqual(
    values.map((value) => [message(value.get(1)?.[0]).toString(), value.get(2)?.[0]]),
    [
      ["loss", 0.25],
      ["rewards/accuracy/mean", 0.5],
    ],
  );
  assert.equal(message(fields(versionEvent(1)).get(3)?.[0]).toString(), "brain.Event:2");
  const restart = fields(restartEvent(1, 8));
  assert.deepEqual(restart.get(2), [8]);
  assert.deepEqual(fields(message(restart.get(7)?.[0])).get(1), [1]);
});

test("a file is a version and then the scalars; values that are no numbers are left out", () => {
  const writer = new TensorboardWriter(folder);
  writer.scalars(1, { loss: 1, kl: Number.NaN });
  writer.close();
  const [version, first, ...rest] = records(readFileSync(writer.path)).map(fields);
  assert.ok(version?.has(3));
  assert.equal(rest.length, 0);
  const values = fields(message(first?.get(5)?.[0])).get(1);
  assert.equal(values?.length, 1);
  assert.equal(tensorboardRecord(Buffer.alloc(3)).length, 19);
});
