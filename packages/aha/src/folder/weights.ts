/** A model folder's weights: found in one file or many shards, and saved the same way. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { findDuplicateKey } from "./duplicate-key.ts";
import { ModelFolderError, SafetensorsError } from "./errors.ts";
import { readSafetensorsHeader, type SafetensorsTensor } from "./safetensors-header.ts";
import { entryByteLength, type SafetensorsEntry, syncFolder, writeSafetensors } from "./safetensors-write.ts";

export const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

/** Where one weight lies; read it with `openSafetensors(file).read(name)`. */
export interface WeightLocation extends SafetensorsTensor {
  /** The full path of the safetensors file. */
  readonly file: string;
}

/** One file of a sharded save. */
export interface Shard {
  readonly file: string;
  readonly entries: readonly SafetensorsEntry[];
}

/** Which tensor goes into which file; `index` is `null` where one file holds all. */
export interface ShardPlan {
  readonly shards: readonly Shard[];
  readonly index: {
    readonly metadata: { readonly total_size: number };
    readonly weight_map: Readonly<Record<string, string>>;
  } | null;
}

/** Five gigabytes, as transformers' default was for years: a size every file system and hub takes. */
export const DEFAULT_SHARD_BYTES = 5e9;

/**
 * Fills shards in the order of `entries` up to `maximumBytes` of data each; a tensor larger than
 * that gets a shard of its own. Names are those of Hugging Face: `model-00001-of-00003.safetensors`.
 */
export function planShards(
  entries: readonly SafetensorsEntry[],
  maximumBytes = DEFAULT_SHARD_BYTES,
): ShardPlan {
  const groups: SafetensorsEntry[][] = [[]];
  let filled = 0;
  let total = 0;
  for (const entry of entries) {
    const length = entryByteLength(entry, SINGLE_FILE);
    if (filled > 0 && filled + length > maximumBytes) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)?.push(entry);
    filled += length;
    total += length;
  }
  if (groups.length === 1) return { shards: [{ file: SINGLE_FILE, entries }], index: null };
  const shards = groups.map((group, position) => ({
    file: `model-${fiveDigits(position + 1)}-of-${fiveDigits(groups.length)}.safetensors`,
    entries: group,
  }));
  const map = shards.flatMap(({ file, entries: held }) => held.map((entry) => [entry.name, file] as const));
  return { shards, index: { metadata: { total_size: total }, weight_map: Object.fromEntries(map) } };
}

/**
 * Saves `entries` into `folder` (which must exist) and removes weight files of an earlier save that
 * would otherwise be read in their place. Each file is whole or absent; the folder as a whole is
 * not swapped: write into a fresh folder and rename it where that matters.
 */
export function saveWeights(
  folder: string,
  entries: readonly SafetensorsEntry[],
  options: { readonly maximumShardBytes?: number; readonly metadata?: Readonly<Record<string, string>> } = {},
): ShardPlan {
  const plan = planShards(entries, options.maximumShardBytes);
  for (const shard of plan.shards)
    writeSafetensors(join(folder, shard.file), shard.entries, options.metadata);
  if (plan.index !== null) {
    const path = join(folder, INDEX_FILE);
    writeFileSync(`${path}.partial`, `${JSON.stringify(plan.index, null, 2)}\n`, { flush: true });
    renameSync(`${path}.partial`, path);
  }
  const current = new Set(
    plan.shards.map(({ file }) => file).concat(plan.index === null ? [] : [INDEX_FILE]),
  );
  for (const file of readdirSync(folder)) {
    if (isWeightFile(file) && !current.has(file)) rmSync(join(folder, file));
  }
  syncFolder(folder);
  return plan;
}

/**
 * Every weight of the model in `folder`, by name: from `model.safetensors`, else by the index of the shards.
 * Only headers are read. Throws where a shard is missing or does not hold what the index promises.
 */
export function locateWeights(folder: string): Map<string, WeightLocation> {
  const single = join(folder, SINGLE_FILE);
  if (existsSync(single)) {
    const { tensors } = readSafetensorsHeader(single);
    return new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, file: single }]));
  }
  const indexPath = join(folder, INDEX_FILE);
  if (!existsSync(indexPath)) {
    throw new ModelFolderError({
      file: folder,
      message: `expected ${SINGLE_FILE} or ${INDEX_FILE}, found neither`,
      remedy: "Point at a Hugging Face model folder whose weights are safetensors",
    });
  }
  return locateShards(folder, indexPath, readIndex(indexPath));
}

function locateShards(
  folder: string,
  indexPath: string,
  weightMap: Map<string, string>,
): Map<string, WeightLocation> {
  const files = [...new Set(weightMap.values())];
  for (const file of files) {
    if (existsSync(join(folder, file))) continue;
    throw new SafetensorsError({
      file: indexPath,
      expected: `the shard ${file} beside it`,
      got: "no such file",
      remedy: "Fetch the missing shard: the folder is incomplete.",
    });
  }
  const headers = new Map(files.map((file) => [file, readSafetensorsHeader(join(folder, file))]));
  const locations = new Map<string, WeightLocation>();
  for (const [name, file] of weightMap) {
    const tensor = headers.get(file)?.tensors.get(name);
    if (tensor === undefined) {
      throw new SafetensorsError({
        file: indexPath,
        tensor: name,
        expected: `it in ${file}, as the index says`,
        got: "a shard without it",
        remedy: "Index and shards are of different saves: fetch or save the folder again.",
      });
    }
    locations.set(name, { ...tensor, file: join(folder, file) });
  }
  return locations;
}

function readIndex(path: string): Map<string, string> {
  const text = readFileSync(path, "utf8");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new SafetensorsError({ file: path, expected: "an index in JSON", got }, { cause });
  }
  const map = isRecord(parsed) ? parsed.weight_map : undefined;
  if (!isRecord(map)) {
    throw new SafetensorsError({
      file: path,
      expected: 'an object "weight_map"',
      got: JSON.stringify(map) ?? "none",
    });
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) {
    throw new SafetensorsError({ file: path, expected: "each key once", got: `"${duplicate}" twice` });
  }
  return new Map(
    Object.entries(map).map(([name, file]) => {
      if (typeof file === "string" && file.endsWith(".safetensors") && basename(file) === file)
        return [name, file];
      throw new SafetensorsError({
        file: path,
        tensor: name,
        expected: "the name of a .safetensors file in the same folder",
        got: JSON.stringify(file),
      });
    }),
  );
}

function isWeightFile(file: string): boolean {
  return file === SINGLE_FILE || file === INDEX_FILE || /^model-\d{5}-of-\d{5}\.safetensors$/.test(file);
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, "0");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
