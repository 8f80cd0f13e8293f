/** The error for a disk that cannot take what a run has to write. */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EIO: "the device reported an input/output error",
  EFBIG: "the file would be larger than the file system or limit allows",
  EACCES: "permission was denied",
  EPERM: "the operation is not permitted",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on the machine",
};

/** What a storage error tells besides the path. */
export interface StorageTrouble {
  readonly code: string;
  /** What is still whole on disk: the reason that nothing is lost. */
  readonly kept: string;
  readonly neededBytes?: number;
  readonly freeBytes?: number;
}

/** Raised when a write fails for want of space, quota or permission; what was there before is untouched. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly path: string;
  readonly code: string;

  constructor(path: string, trouble: StorageTrouble, options?: ErrorOptions) {
    const { code, kept, neededBytes, freeBytes } = trouble;
    const sizes = [
      neededBytes === undefined ? "" : `${formatBytes(neededBytes)} needed`,
      freeBytes === undefined ? "" : `${formatBytes(freeBytes)} free`,
    ].filter((part) => part !== "");
    super(
      `could not write ${path}: ${reasons[code] ?? "the system refused"} (${code})` +
        `${sizes.length > 0 ? `; ${sizes.join(", ")}` : ""}. Nothing is lost: ${kept}. ` +
        "Make room (or mend what is named above), then run the same command again with --resume.",
      options,
    );
    this.path = path;
    this.code = code;
  }
}

/** The system's code of an error about storage; undefined for any other error. */
export function storageCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code in reasons ? error.code : undefined;
}

/** Turns a system error about storage into a `StorageError`; other errors are given back as they are. */
export function asStorageError(error: unknown, path: string, kept: string, neededBytes?: number): unknown {
  const code = storageCode(error);
  if (code === undefined || error instanceof StorageError) return error;
  const free = code === "ENOSPC" ? freeBytesAt(path) : undefined;
  return new StorageError(
    path,
    {
      code,
      kept,
      ...(neededBytes === undefined ? {} : { neededBytes }),
      ...(free === undefined ? {} : { freeBytes: free }),
    },
    { cause: error },
  );
}

/** Bytes an ordinary user may still write beside `path`; undefined where the system does not say. */
export function freeBytesAt(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return undefined; // Only a number for a message, or an early check that a late one backs up.
  }
}

/** `1536` → `1.5 KB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${value} bytes` : `${value.toPrecision(3)} ${units[unit]}`;
}
