/** Reads and checks the header of a safetensors file; nothing in it is believed before it is checked. */
import { closeSync, fstatSync } from "node:fs";
import { findDuplicateKey } from "./duplicate-key.ts";
import { SafetensorsError } from "./errors.ts";
import { openForReading, readFully } from "./read-fully.ts";
import {
  BYTES_PER_ELEMENT,
  denseByteLength,
  isSafetensorsDtype,
  type SafetensorsDtype,
} from "./safetensors-dtype.ts";

/** The format's own limit on the header, which keeps a lying length from taking the memory. */
export const MAXIMUM_HEADER_BYTES = 100_000_000;

/** Where one tensor lies. `start` and `end` are byte offsets from the header's `dataOffset`. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** A checked header: its tensors fill the rest of the file exactly, without overlap or hole. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** Byte offset in the file at which the tensors' data begin. */
  readonly dataOffset: number;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

/** Reads only the header of the file at `path`. Throws {@link SafetensorsError} where the file is not to be trusted. */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  const descriptor = openForReading(path);
  try {
    return readHeaderFrom(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
}

/** The same for a file that is open already; `path` is for messages. */
export function readHeaderFrom(descriptor: number, path: string): SafetensorsHeader {
  const fileBytes = fstatSync(descriptor).size;
  if (fileBytes < 8) {
    throw new SafetensorsError({
      file: path,
      expected: "at least 8 bytes (the header's length)",
      got: `${fileBytes} bytes`,
    });
  }
  const lengthBytes = readFully(descriptor, Buffer.alloc(8), 0, path);
  const headerBytes = lengthBytes.readBigUInt64LE(0);
  if (headerBytes > BigInt(MAXIMUM_HEADER_BYTES)) {
    throw new SafetensorsError({
      file: path,
      expected: `a header of at most ${MAXIMUM_HEADER_BYTES} bytes`,
      got: `a stated length of ${headerBytes}`,
      remedy: "This is not a safetensors file, or it is damaged.",
    });
  }
  const length = Number(headerBytes);
  if (8 + length > fileBytes) {
    throw new SafetensorsError({
      file: path,
      expected: `a header of ${length} bytes after the first 8`,
      got: `a file of ${fileBytes} bytes`,
    });
  }
  const header = readFully(descriptor, Buffer.alloc(length), 8, path);
  return parseHeader(header, fileBytes - 8 - length, path);
}

/** Checks the header's bytes against the number of data bytes that follow it. */
function parseHeader(bytes: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new SafetensorsError({ file, expected: "a header in JSON", got }, { cause });
  }
  if (!isRecord(parsed) || !text.startsWith("{")) {
    throw new SafetensorsError({
      file,
      expected: "a header that begins with a JSON object",
      got: JSON.stringify(text.slice(0, 40)),
    });
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) {
    throw new SafetensorsError({ file, expected: "each key once", got: `"${duplicate}" twice` });
  }
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, value] of Object.entries(parsed)) {
    if (name !== "__metadata__") tensors.set(name, parseTensor(value, name, file));
  }
  checkLayout(tensors, dataBytes, file);
  return { metadata: parseMetadata(parsed.__metadata__, file), dataOffset: 8 + bytes.length, tensors };
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined) return {};
  const metadata: Record<string, string> = {};
  if (!isRecord(value)) {
    throw new SafetensorsError({
      file,
      expected: "__metadata__ to map strings to strings",
      got: show(value),
    });
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw new SafetensorsError({ file, expected: `__metadata__.${key} to be a string`, got: show(text) });
    }
    metadata[key] = text;
  }
  return metadata;
}

function parseTensor(value: unknown, tensor: string, file: string): SafetensorsTensor {
  if (!isRecord(value)) {
    throw new SafetensorsError({
      file,
      tensor,
      expected: "an object {dtype, shape, data_offsets}",
      got: show(value),
    });
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isSafetensorsDtype(dtype)) {
    throw new SafetensorsError({
      file,
      tensor,
      expected: `a dtype among ${Object.keys(BYTES_PER_ELEMENT).join(", ")}`,
      got: show(dtype),
      remedy: "Convert the tensor to a type that is supported.",
    });
  }
  if (!isListOfSizes(shape)) {
    throw new SafetensorsError({ file, tensor, expected: "a shape of whole numbers ≥ 0", got: show(shape) });
  }
  const [start, end] = isListOfSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (start === undefined || end === undefined || end < start) {
    throw new SafetensorsError({
      file,
      tensor,
      expected: "data_offsets [start, end] with 0 ≤ start ≤ end",
      got: show(offsets),
    });
  }
  const expected = denseByteLength(dtype, shape);
  if (expected !== end - start) {
    throw new SafetensorsError({
      file,
      tensor,
      expected: `${expected ?? "fewer than 2^53"} bytes for ${dtype} [${shape.join(", ")}]`,
      got: expected === null ? "more" : `${end - start} (offsets ${start} to ${end})`,
    });
  }
  return { dtype, shape, start, end };
}

/** Every data byte belongs to exactly one tensor. */
function checkLayout(tensors: ReadonlyMap<string, SafetensorsTensor>, dataBytes: number, file: string): void {
  const ordered = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let position = 0;
  for (const [tensor, { start, end }] of ordered) {
    if (end > dataBytes) {
      throw new SafetensorsError({
        file,
        tensor,
        expected: `data within the file's ${dataBytes} data bytes`,
        got: `offsets ${start} to ${end}`,
      });
    }
    if (start !== position) {
      const fault =
        start < position ? "an overlap with another tensor" : `a hole of ${start - position} bytes before it`;
      throw new SafetensorsError({
        file,
        tensor,
        expected: `data from offset ${position}`,
        got: `${start}: ${fault}`,
      });
    }
    position = end;
  }
  if (position !== dataBytes) {
    throw new SafetensorsError({
      file,
      expected: `${position} data bytes, as the header's tensors add up to`,
      got: `${dataBytes}`,
    });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
