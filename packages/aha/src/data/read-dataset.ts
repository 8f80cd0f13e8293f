/** A dataset as examples of one kind, row by row. */
import { type DatasetKind, type ExampleByKind, readExample } from "./examples.ts";
import { readRows } from "./read-rows.ts";

/**
 * Every row at `path` read as `kind`; `split` as in `readRows`. Throws `DataError` with file and line at
 * the first row that does not have the columns.
 */
export async function* readDataset<Kind extends DatasetKind>(
  path: string,
  kind: Kind,
  options: { readonly split?: string } = {},
): AsyncGenerator<ExampleByKind[Kind]> {
  for await (const row of readRows(path, options)) yield readExample(row, kind);
}
