/** Which files of a path hold a split of a dataset. */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { DataError } from "./data-error.ts";

const DATA_FILE = /\.(parquet|(jsonl|ndjson|json)(\.gz)?)$/;

/** Files that lie beside data in dataset repositories and hold none. */
const NOT_DATA = new Set([
  "dataset_infos.json",
  "dataset_info.json",
  "state.json",
  "package.json",
  "config.json",
]);

/** The names under which a split's files go, as on the Hugging Face hub. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev"],
  test: ["test", "testing", "eval", "evaluation"],
};

/** A split and the rows of it: `train`, `test[:100]`, `train[100:200]`. */
export interface Split {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Reads a split as it is written in a recipe. */
export function parseSplit(text: string): Split {
  const match = /^([\w.-]+)(?:\[(\d*):(\d*)\])?$/.exec(text.trim());
  if (match?.[1] === undefined) {
    throw new DataError({
      source: `split "${text}"`,
      expected:
        "a name, with rows in whole numbers where only some are wanted: train, test[:100], train[100:200]",
      got: `"${text}"`,
      remedy: "Correct the split.",
    });
  }
  const end = match[3] ? Number(match[3]) : Number.POSITIVE_INFINITY;
  return { name: match[1], start: Number(match[2] ?? 0), end };
}

/**
 * The data files of `split` under `path`, sorted. A file named as such is taken whatever its split.
 * In a folder, the split is read from a file's name, else from the folders above it; a folder whose files
 * name no split at all is all `train`.
 */
export function findDataFiles(path: string, split: string): string[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) {
    throw new DataError({
      source: path,
      expected: "a data file or a folder of data files",
      got: "nothing at that path",
      remedy:
        "Datasets of a hub are read from a local copy: fetch it first (hf download --repo-type dataset).",
    });
  }
  if (entry.isFile()) {
    if (DATA_FILE.test(path)) return [path];
    throw new DataError({
      source: path,
      expected: "a file that ends in .jsonl, .json, .ndjson (.gz each) or .parquet",
      got: basename(path),
      remedy: "Convert the file, or rename it after its format.",
    });
  }
  const files = listDataFiles(path);
  const splits = new Map(files.map((file) => [file, splitOf(relative(path, file))]));
  const named = [...splits.values()].some((name) => name !== null);
  const wanted = canonical(split);
  const found = files.filter((file) => (named ? splits.get(file) === wanted : wanted === "train"));
  if (found.length > 0) return found;
  const names = [...new Set([...splits.values()].filter((name) => name !== null))].sort();
  throw new DataError({
    source: path,
    expected: `data files of split "${split}"`,
    got:
      files.length === 0 ? "no data files" : names.length === 0 ? "files without a split" : names.join(", "),
    remedy: "Name a split that is there, or the file itself.",
  });
}

/** The splits that a folder's files name, in the hub's words (`train`, `validation`, `test`); none for a file. */
export function listSplits(path: string): string[] {
  if (!statSync(path).isDirectory()) return [];
  const names = listDataFiles(path).map((file) => splitOf(relative(path, file)));
  return [...new Set(names.filter((name) => name !== null))].sort();
}

function listDataFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => DATA_FILE.test(name) && !NOT_DATA.has(basename(name)) && !/(^|\/)[._]/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The split that a relative path names: by whole words of the file's name, then of its folders, innermost first. */
function splitOf(path: string): string | null {
  for (let part = path; part !== "."; part = dirname(part)) {
    const words = basename(part)
      .toLowerCase()
      .split(/[^a-z]+/);
    for (const [name, synonyms] of Object.entries(SYNONYMS)) {
      if (synonyms.some((word) => words.includes(word))) return name;
    }
  }
  return null;
}

function canonical(split: string): string {
  const found = Object.entries(SYNONYMS).find(([, synonyms]) => synonyms.includes(split));
  return found?.[0] ?? split;
}
