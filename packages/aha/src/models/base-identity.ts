/** Tells whether a base model is still the one that an adapter was trained on, without reading all of it. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { CONFIG_FILE } from "../folder/model-config.ts";
import { locateWeights } from "../folder/weights.ts";

const SAMPLES = 64;
const SAMPLE_BYTES = 4096;

/**
 * A digest of config.json and, of each file of weights, its name, its size and blocks spread evenly over it (the header is in
 * the first ones). Other weights of the same shape differ in nearly every block; a copy elsewhere is the same.
 */
export function baseIdentity(folder: string): string {
  const hash = createHash("sha256").update(readFileSync(join(folder, CONFIG_FILE)));
  const files = new Set([...locateWeights(folder).values()].map(({ file }) => file));
  for (const file of [...files].sort()) {
    const descriptor = openSync(file, "r");
    try {
      const { size } = fstatSync(descriptor);
      hash.update(`\n${basename(file)} ${size}\n`);
      const block = Buffer.alloc(SAMPLE_BYTES);
      for (let sample = 0; sample < SAMPLES; sample++) {
        const position = Math.floor((Math.max(0, size - SAMPLE_BYTES) * sample) / (SAMPLES - 1));
        hash.update(block.subarray(0, readSync(descriptor, block, 0, SAMPLE_BYTES, position)));
      }
    } finally {
      closeSync(descriptor);
    }
  }
  return hash.digest("hex");
}
