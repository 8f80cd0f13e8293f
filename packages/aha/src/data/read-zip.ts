/** Reads the files of a ZIP archive, as datasets are published in: stored or deflated, not encrypted, not ZIP64. */
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { DataError } from "./data-error.ts";

export interface ZipEntry {
  /** Path within the archive, with forward slashes. */
  readonly name: string;
  /** Unpacks the file. Throws `DataError` where it is damaged or larger than it says. */
  read(): Buffer;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
/** An entry that claims more is refused, so that a small archive cannot fill the memory. */
const MOST_BYTES = 1 << 30;

/** The archive's files in the order of its directory; folders are left out. Throws `DataError`. */
export function readZip(path: string): ZipEntry[] {
  const bytes = readFileSync(path);
  const entries: ZipEntry[] = [];
  try {
    const end = findEnd(bytes);
    if (end < 0) throw new RangeError("no end of a central directory");
    const count = bytes.readUInt16LE(end + 10);
    let offset = bytes.readUInt32LE(end + 16);
    if (count === 0xffff || offset === 0xffffffff) throw new RangeError("the ZIP64 form");
    for (let index = 0; index < count; index++) {
      if (bytes.readUInt32LE(offset) !== DIRECTORY_ENTRY) throw new RangeError("a damaged directory");
      const nameLength = bytes.readUInt16LE(offset + 28);
      const name = bytes.toString("utf8", offset + 46, offset + 46 + nameLength);
      const entry = {
        encrypted: (bytes.readUInt16LE(offset + 8) & 1) === 1,
        method: bytes.readUInt16LE(offset + 10),
        packed: bytes.readUInt32LE(offset + 20),
        size: bytes.readUInt32LE(offset + 24),
        local: bytes.readUInt32LE(offset + 42),
      };
      if (!name.endsWith("/")) entries.push({ name, read: () => unpack(bytes, entry, `${path}/${name}`) });
      offset += 46 + nameLength + bytes.readUInt16LE(offset + 30) + bytes.readUInt16LE(offset + 32);
    }
  } catch (cause) {
    throw damaged(path, cause);
  }
  return entries;
}

/** The end record stands last, before a comment of at most 65,535 bytes. */
function findEnd(bytes: Buffer): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - 0xffff); at--) {
    if (bytes.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  return -1;
}

interface Packed {
  readonly encrypted: boolean;
  readonly method: number;
  readonly packed: number; // bytes
  readonly size: number; // bytes
  readonly local: number; // offset of the file's own header
}

function unpack(bytes: Buffer, { encrypted, method, packed, size, local }: Packed, source: string): Buffer {
  try {
    if (encrypted) throw new RangeError("an encrypted file");
    if (size > MOST_BYTES) throw new RangeError(`${size} bytes; ${MOST_BYTES} are the most`);
    if (bytes.readUInt32LE(local) !== LOCAL_ENTRY) throw new RangeError("a damaged header");
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(start, start + packed);
    if (method === 0) return content;
    if (method !== 8) throw new RangeError(`compression method ${method}`);
    return inflateRawSync(content, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw damaged(source, cause);
  }
}

function damaged(source: string, cause: unknown): DataError {
  const got = cause instanceof Error ? cause.message : String(cause);
  const remedy = "Fetch it anew, or unpack it and name the folder.";
  return new DataError({ source, expected: "a ZIP archive, stored or deflated", got, remedy }, { cause });
}
