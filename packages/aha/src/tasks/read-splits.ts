/** Reads a dataset's rows by split: as its files name them, or all together where they do not. */

import { listSplits, parseSplit } from "../data/data-files.ts";
import type { DataRow } from "../data/data-row.ts";
import { localCopy } from "../data/hub-dataset.ts";
import { readRows } from "../data/read-rows.ts";
import type { DataOptions } from "./data-options.ts";

/** Either the dataset says what is held out, or `mixed` rows are to be divided. */
export type SplitRows =
  | { readonly kind: "named"; readonly train: readonly DataRow[]; readonly heldOut: readonly DataRow[] }
  | { readonly kind: "mixed"; readonly rows: readonly DataRow[] };

/** Rows of one split (`test[:100]` cuts it); a task with a format of its own gives its own reader. */
export type SplitReader = (path: string, split: string) => AsyncIterable<DataRow>;
/** The splits that `path` holds by name; empty for a single file, which is all of one split. */
export type SplitLister = (path: string) => readonly string[];

const readSplit: SplitReader = (path, split) => readRows(path, { split });

/**
 * Held out is, in this order: what `heldOutPath` or `heldOutSplit` name; the split `test`, else `validation`, where
 * there is one besides the training split or alone; else the rows come mixed. Throws DataError.
 */
export async function readSplits(
  options: DataOptions,
  read: SplitReader = readSplit,
  list: SplitLister = listSplits,
): Promise<SplitRows> {
  const hub = options.subset === undefined ? {} : { subset: options.subset };
  const path = await localCopy(options.path, hub);
  const splits = list(path);
  const trainSplit = options.trainSplit ?? "train";
  const train = (): Promise<DataRow[]> => collect(read(path, trainSplit));
  if (options.heldOutPath !== undefined) {
    const other = await localCopy(options.heldOutPath);
    const available = list(other);
    const split = options.heldOutSplit ?? defaultHeldOut(available) ?? "train";
    return { kind: "named", train: await train(), heldOut: await collect(read(other, split)) };
  }
  const heldOutSplit = options.heldOutSplit ?? defaultHeldOut(splits);
  const trains = splits.length === 0 || splits.includes(parseSplit(trainSplit).name);
  if (heldOutSplit === undefined) return { kind: "mixed", rows: await train() };
  return {
    kind: "named",
    // A dataset for evaluation has no training split; one that was asked for by name must be there.
    train: trains || options.trainSplit !== undefined ? await train() : [],
    heldOut: await collect(read(path, heldOutSplit)),
  };
}

function defaultHeldOut(splits: readonly string[]): string | undefined {
  return ["test", "validation"].find((name) => splits.includes(name));
}

async function collect(rows: AsyncIterable<DataRow>): Promise<DataRow[]> {
  const all: DataRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
