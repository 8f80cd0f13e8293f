/**
 * The work of `aha decontaminate`: training rows that share a run of words with an evaluation set (R1 paper, appendix on
 * decontamination: any 10-gram shared with an evaluation question or its reference solution).
 */

import { ContaminationIndex } from "@aha/verify";
import type { DecontaminatedRow, DecontaminateRequest } from "../contracts/work.ts";
import type { DataRow } from "../data/data-row.ts";
import { localCopy } from "../data/hub-dataset.ts";
import { listMmluSplits, readMmluRows } from "../tasks/mmlu-files.ts";
import type { JsonValue } from "../tasks/task.ts";

/** The columns of a row that are compared do not exist, so that nothing would ever be found. */
export class DecontaminationError extends Error {
  override readonly name = "DecontaminationError";
}

/** Memory is that of the evaluation side; training rows are read one at a time. */
export async function* decontaminate(request: DecontaminateRequest): AsyncGenerator<DecontaminatedRow> {
  const { columns } = request;
  const evaluation: { set: string; id: string; text: string }[] = [];
  for (const set of request.against) {
    const before = evaluation.length;
    for await (const row of rowsOf(set, ["test", "validation", "train"])) {
      evaluation.push({ set, id: row.source, text: textOf(row, columns) });
    }
    requireText(set, evaluation.slice(before), columns);
  }
  const index = new ContaminationIndex(evaluation, request.words);
  for await (const row of rowsOf(request.train, ["train"])) {
    const matches = index
      .matches(textOf(row, columns))
      .map(({ set, id, shared }) => ({ set, item: id, shared }));
    yield { row: row.columns, source: row.source, matches };
  }
}

/** `data/gsm8k#test` names the split; else the first of `splits` that is there, or all of a file. */
async function* rowsOf(name: string, splits: readonly string[]): AsyncGenerator<DataRow> {
  const mark = name.lastIndexOf("#");
  const path = await localCopy(mark < 0 ? name : name.slice(0, mark));
  const available = listMmluSplits(path);
  const split = mark < 0 ? splits.find((one) => available.includes(one)) : name.slice(mark + 1);
  yield* readMmluRows(path, split ?? "train");
}

/** All text of a row, in the order of its columns. */
function textOf({ columns }: DataRow, wanted: readonly string[] | undefined): string {
  const chosen = Object.entries(columns).filter(([name]) => wanted === undefined || wanted.includes(name));
  return chosen.flatMap(([, value]) => [...texts(value)]).join("\n");
}

function* texts(value: JsonValue): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) yield* texts(part);
  }
}

function requireText(
  set: string,
  items: readonly { readonly text: string }[],
  columns: readonly string[] | undefined,
): void {
  if (items.some(({ text }) => text.trim() !== "")) return;
  const which = columns === undefined ? "" : ` in a column ${columns.join(" or ")}`;
  throw new DecontaminationError(
    `${set}: expected rows with text${which}, got ${items.length} rows without. Name the columns by --column.`,
  );
}
