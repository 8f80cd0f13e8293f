/** Writes files and folders so that a kill or a full disk leaves either the old one or the new one, whole. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { asStorageError, freeBytesAt, StorageError } from "./storage-error.ts";

/** Marks what is still being written; whatever carries it after a kill is rubbish. */
const partialMark = ".partial-";

const partialPath = (path: string) =>
  join(
    dirname(path),
    `.${basename(path)}${partialMark}${process.pid}-${Math.random().toString(36).slice(2, 8)}`,
  );

/** Replaces one file by a temporary file beside it, synced and renamed. */
export function writeFileAtomically(
  path: string,
  data: string | Uint8Array,
  kept = "the file's earlier content is as it was",
): void {
  const partial = partialPath(path);
  try {
    writeFileSync(partial, data);
    syncPath(partial);
    renameSync(partial, path);
    syncPath(dirname(path));
  } catch (error) {
    rmSync(partial, { force: true });
    throw asStorageError(error, path, kept, data.length);
  }
}

/** How to write a folder. */
export interface FolderWriting {
  /** What is still whole if it fails, for the error. */
  readonly kept?: string;
  /** About how much will be written; checked against the free space before anything is. */
  readonly expectedBytes?: number;
  /** Free bytes at a path; the system's figure unless a test says otherwise. */
  readonly freeBytes?: (path: string) => number | undefined;
}

/**
 * Lets `writer` fill a temporary folder beside `path`, syncs every file in it, and renames it into place.
 * An existing folder at `path` is replaced, at the very end.
 *
 * @throws {StorageError} when the disk cannot take it; the temporary folder is removed
 */
export async function writeFolderAtomically(
  path: string,
  writer: (temporaryFolder: string) => void | Promise<void>,
  { kept = "what was there before is as it was", expectedBytes, freeBytes = freeBytesAt }: FolderWriting = {},
): Promise<void> {
  const free = expectedBytes === undefined ? undefined : freeBytes(path);
  if (expectedBytes !== undefined && free !== undefined && free < expectedBytes) {
    throw new StorageError(path, { code: "ENOSPC", kept, neededBytes: expectedBytes, freeBytes: free });
  }
  const partial = partialPath(path);
  try {
    mkdirSync(partial, { recursive: true });
    await writer(partial);
    syncTree(partial);
    replaceFolder(partial, path);
    syncPath(dirname(path));
  } catch (error) {
    const written = expectedBytes ?? sizeOfTree(partial);
    rmSync(partial, { recursive: true, force: true });
    throw asStorageError(error, path, kept, written === 0 ? undefined : written);
  }
}

function replaceFolder(partial: string, path: string): void {
  const aside = statSync(path, { throwIfNoEntry: false }) === undefined ? undefined : partialPath(path);
  if (aside !== undefined) renameSync(path, aside);
  renameSync(partial, path);
  if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
}

/** Removes a folder so that a kill on the way leaves nothing under its name that looks whole. */
export function removeFolderAtomically(path: string): void {
  const aside = partialPath(path);
  renameSync(path, aside);
  rmSync(aside, { recursive: true, force: true });
}

/** Removes what writers killed on the way left in a folder. Only for a folder that no one else writes to. */
export function removePartials(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(".") && name.includes(partialMark)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** Files below a folder with their sizes in bytes, by path relative to it, in sorted order. */
export function filesOfTree(folder: string, prefix = ""): Array<readonly [path: string, bytes: number]> {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) return filesOfTree(folder, path);
      return [[path, statSync(join(folder, path)).size] as const];
    });
}

function sizeOfTree(folder: string): number {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return 0;
  return filesOfTree(folder).reduce((sum, [, bytes]) => sum + bytes, 0);
}

function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else syncPath(path);
  }
  syncPath(folder);
}

/** Waits until a file, or a folder's list of names, is on the disk itself. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
