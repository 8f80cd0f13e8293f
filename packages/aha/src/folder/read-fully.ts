/** Reads exactly as many bytes as asked for, however the system slices them. */
import { openSync, readSync, statSync } from "node:fs";
import { SafetensorsError } from "./errors.ts";

/** A single read call may not exceed 2 GiB. */
const MAXIMUM_READ_BYTES = 1 << 30;

/** Fills `target` from byte `position` of an open file and returns it; throws where the file ends early. */
export function readFully<Bytes extends Uint8Array>(
  descriptor: number,
  target: Bytes,
  position: number,
  file: string,
): Bytes {
  let done = 0;
  while (done < target.byteLength) {
    const wanted = Math.min(target.byteLength - done, MAXIMUM_READ_BYTES);
    const got = readSync(descriptor, target, done, wanted, position + done);
    if (got === 0) {
      throw new SafetensorsError({
        file,
        expected: `${target.byteLength} bytes from byte ${position}`,
        got: `the file's end after ${done}`,
      });
    }
    done += got;
  }
  return target;
}

/** Opens a weights file; throws {@link SafetensorsError} where it cannot be read. */
export function openForReading(path: string): number {
  try {
    if (!statSync(path).isFile()) throw new Error("something that is not a file");
    return openSync(path, "r");
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new SafetensorsError(
      { file: path, expected: "a readable file", got, remedy: "Check the path and its permissions." },
      { cause },
    );
  }
}
