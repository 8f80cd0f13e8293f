/** Rows of a dataset wherever they lie: a JSON Lines, JSON or Parquet file, or a folder of them. */
import { findDataFiles, parseSplit } from "./data-files.ts";
import type { DataRow } from "./data-row.ts";
import { readJsonRows } from "./read-json.ts";
import { readParquetRows } from "./read-parquet.ts";

/**
 * The rows at `path` in the order of the files. `split` (default `train`) chooses files of a folder, and
 * rows by their position in it: `test[:100]`. Throws `DataError` naming file and line.
 */
export async function* readRows(
  path: string,
  options: { readonly split?: string } = {},
): AsyncGenerator<DataRow> {
  const { name, start, end } = parseSplit(options.split ?? "train");
  let position = 0;
  if (start >= end) return;
  for (const file of findDataFiles(path, name)) {
    const rows = file.endsWith(".parquet") ? readParquetRows(file) : readJsonRows(file);
    for await (const row of rows) {
      if (position >= start) yield row;
      position += 1;
      if (position >= end) return;
    }
  }
}
