/** What tells one model folder from another, without reading gigabytes: its small files whole, its weights in samples. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

/** Files up to so many bytes are hashed whole. */
const WHOLE = 2 ** 26;
const BLOCK = 2 ** 16;
const BLOCKS = 64;

/**
 * A digest of a folder's files by name. Of weights above 64 MiB the size, the time of the last change and 64 blocks
 * spread over them count: another checkpoint differs everywhere.
 */
export function modelFingerprint(...folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of new Set(folders)) {
    for (const name of readdirSync(folder).sort()) {
      if (!/\.(json|jinja|safetensors|model|txt)$/.test(name)) continue;
      hash.update(`${name}\0`);
      addFile(hash, join(folder, name));
    }
  }
  return hash.digest("hex");
}

function addFile(hash: ReturnType<typeof createHash>, path: string): void {
  const descriptor = openSync(path, "r");
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    if (size <= WHOLE) {
      hash.update(readFileSync(descriptor));
      return;
    }
    hash.update(`${size} ${mtimeMs}\0`);
    const block = Buffer.alloc(BLOCK);
    for (let index = 0; index < BLOCKS; index++) {
      const position = Math.floor(((size - BLOCK) * index) / (BLOCKS - 1));
      hash.update(block.subarray(0, readSync(descriptor, block, 0, BLOCK, position)));
    }
  } finally {
    closeSync(descriptor);
  }
}
