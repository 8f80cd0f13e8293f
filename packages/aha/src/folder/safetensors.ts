/** The safetensors format: checked headers, streaming writes, and reads of one tensor at a time. */
import { closeSync } from "node:fs";
import { SafetensorsError } from "./errors.ts";
import { openForReading, readFully } from "./read-fully.ts";
import { readHeaderFrom, type SafetensorsHeader } from "./safetensors-header.ts";

export { SafetensorsError } from "./errors.ts";
export { BYTES_PER_ELEMENT, type SafetensorsDtype } from "./safetensors-dtype.ts";
export {
  readSafetensorsHeader,
  type SafetensorsHeader,
  type SafetensorsTensor,
} from "./safetensors-header.ts";
export { type SafetensorsEntry, writeSafetensors } from "./safetensors-write.ts";

/** An open safetensors file; close it when done. */
export interface SafetensorsFile {
  readonly path: string;
  readonly header: SafetensorsHeader;
  /**
   * One tensor's data, row-major and little-endian. With `target` (its exact byte length) the bytes
   * go straight there, so that no second copy exists. Throws {@link SafetensorsError}.
   */
  read(name: string, target?: Uint8Array): Uint8Array;
  close(): void;
}

/** Opens a file and checks its header; the data are read when asked for. */
export function openSafetensors(path: string): SafetensorsFile {
  const descriptor = openForReading(path);
  let header: SafetensorsHeader;
  try {
    header = readHeaderFrom(descriptor, path);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  let open = true;
  return {
    path,
    header,
    read(name, target) {
      const tensor = header.tensors.get(name);
      if (tensor === undefined || !open) {
        throw new SafetensorsError({
          file: path,
          tensor: name,
          expected: open ? "a tensor of that name" : "an open file",
          got: open ? "none" : "one that was closed",
          remedy: open ? `The file holds ${header.tensors.size} tensors.` : "Read before closing.",
        });
      }
      const length = tensor.end - tensor.start;
      // An own ArrayBuffer, aligned for every element type, rather than a slice of a shared pool.
      const bytes = target ?? new Uint8Array(length);
      if (bytes.byteLength !== length) {
        throw new SafetensorsError({
          file: path,
          tensor: name,
          expected: `a target of ${length} bytes`,
          got: `${bytes.byteLength}`,
          remedy: "Allocate the target by the header's dtype and shape.",
        });
      }
      return readFully(descriptor, bytes, header.dataOffset + tensor.start, path);
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
