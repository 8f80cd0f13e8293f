/** Writes a safetensors file tensor by tensor, whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { SafetensorsError } from "./errors.ts";
import { DTYPES_IN_FILE_ORDER, denseByteLength, type SafetensorsDtype } from "./safetensors-dtype.ts";

/** One tensor to be written. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** The dense, row-major, little-endian data; asked for once, when its turn comes. */
  bytes(): Uint8Array;
}

const MAXIMUM_WRITE_BYTES = 1 << 30;

/**
 * Writes `entries` to `path`: to a file beside it first, which takes its name once it is on disk.
 * Only one entry's bytes are held at a time. Throws {@link SafetensorsError} for a repeated or
 * reserved name or bytes that do not fit the shape; system errors (no space, no permission) pass.
 */
export function writeSafetensors(
  path: string,
  entries: readonly SafetensorsEntry[],
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): void {
  const ordered = inFileOrder(entries);
  const header = encodeHeader(path, ordered, metadata);
  const temporary = `${path}.${process.pid}.partial`;
  try {
    const descriptor = openSync(temporary, "w");
    try {
      writeFully(descriptor, header);
      for (const entry of ordered) writeEntry(descriptor, entry, path);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes the names within a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes of an entry's data; throws where its shape is not possible. */
export function entryByteLength(entry: SafetensorsEntry, file: string): number {
  const length = denseByteLength(entry.dtype, entry.shape);
  if (length === null) {
    throw new SafetensorsError({
      file,
      tensor: entry.name,
      expected: "a shape of whole numbers ≥ 0 whose bytes fit 2^53",
      got: `[${entry.shape.join(", ")}]`,
      remedy: "Correct the shape.",
    });
  }
  return length;
}

/** By type, wide elements first, then by name: every tensor is aligned, and equal contents give equal files. */
function inFileOrder(entries: readonly SafetensorsEntry[]): SafetensorsEntry[] {
  const rank = (entry: SafetensorsEntry) => DTYPES_IN_FILE_ORDER.indexOf(entry.dtype);
  return [...entries].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : Number(a.name > b.name)));
}

function encodeHeader(
  file: string,
  entries: readonly SafetensorsEntry[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let position = 0;
  for (const entry of entries) {
    if (entry.name === "__metadata__" || header.has(entry.name)) {
      throw new SafetensorsError({
        file,
        tensor: entry.name,
        expected: "each name once, and none of them __metadata__",
        got: "it again",
        remedy: "Give each tensor its own name.",
      });
    }
    const end = position + entryByteLength(entry, file);
    header.set(entry.name, { dtype: entry.dtype, shape: entry.shape, data_offsets: [position, end] });
    position = end;
  }
  // Key by key, as an object would move integer-like names to the front and lose "__proto__".
  const fields = [...header].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const json = Buffer.from(`{${fields.join(",")}}`, "utf8");
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, " ");
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

function writeEntry(descriptor: number, entry: SafetensorsEntry, file: string): void {
  const bytes = entry.bytes();
  const expected = entryByteLength(entry, file);
  if (bytes.byteLength !== expected) {
    throw new SafetensorsError({
      file,
      tensor: entry.name,
      expected: `${expected} bytes for ${entry.dtype} [${entry.shape.join(", ")}]`,
      got: `${bytes.byteLength}`,
      remedy: "Pass the tensor's dense data in the type it is declared with.",
    });
  }
  writeFully(descriptor, bytes);
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.byteLength) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.byteLength - done, MAXIMUM_WRITE_BYTES));
  }
}
