/** Files of one JSON value a line: appended whole or not at all, and read back in constant memory. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { asStorageError } from "./storage-error.ts";

/** A line that is not JSON, in the middle of a file whose other lines are. */
export class JsonLineError extends Error {
  override readonly name = "JsonLineError";
  constructor(path: string, line: number, options?: ErrorOptions) {
    super(`${path}:${line}: expected one JSON value on the line; the file was edited or damaged`, options);
  }
}

const kept = "every earlier line and checkpoint is whole";

/** Appends JSON lines; a line that the disk cannot take leaves the file as it was before it. */
export class JsonLineWriter {
  readonly path: string;
  readonly #descriptor: number;
  readonly #seekable: boolean;
  #length: number;

  /**
   * Makes the file, and its folder where there is none.
   *
   * @param mode `append` keeps what is there, `replace` empties the file first
   * @throws {StorageError} when the disk cannot take another file
   */
  constructor(path: string, mode: "append" | "replace") {
    this.path = path;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#descriptor = openSync(path, mode === "append" ? "a" : "w");
      const status = fstatSync(this.#descriptor);
      this.#seekable = status.isFile();
      this.#length = status.size;
    } catch (error) {
      throw asStorageError(error, path, kept);
    }
  }

  /** Bytes in the file. */
  get length(): number {
    return this.#length;
  }

  /** @throws {StorageError} when the disk cannot take the line; the file then ends before it */
  append(value: unknown): void {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written);
      }
      this.#length += bytes.length;
    } catch (error) {
      if (this.#seekable) ftruncateSync(this.#descriptor, this.#length);
      throw asStorageError(error, this.path, kept, bytes.length);
    }
  }

  /** Waits until every line is on the disk itself. */
  sync(): void {
    try {
      fsyncSync(this.#descriptor);
    } catch (error) {
      throw asStorageError(error, this.path, kept);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** One line of a file: its value and the offset of the byte after its newline. */
export interface JsonLine {
  readonly value: unknown;
  readonly end: number;
}

/**
 * Reads JSON lines as they come; a last line without its newline is torn and left out.
 *
 * @throws {JsonLineError} for a complete line that is not JSON
 */
export function* readJsonLines(path: string): Generator<JsonLine> {
  const descriptor = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(1 << 16);
    let pending: Buffer[] = [];
    let end = 0;
    let line = 0;
    for (;;) {
      const count = readSync(descriptor, chunk, 0, chunk.length, null);
      if (count === 0) return;
      let start = 0;
      for (
        let newline = chunk.indexOf(10);
        newline >= 0 && newline < count;
        newline = chunk.indexOf(10, start)
      ) {
        const text = Buffer.concat([...pending, chunk.subarray(start, newline)]);
        pending = [];
        start = newline + 1;
        end += text.length + 1;
        line++;
        yield { value: parseLine(text.toString("utf8"), path, line), end };
      }
      pending.push(Buffer.from(chunk.subarray(start, count)));
    }
  } finally {
    closeSync(descriptor);
  }
}

function parseLine(text: string, path: string, line: number): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    throw new JsonLineError(path, line, { cause: error });
  }
}
