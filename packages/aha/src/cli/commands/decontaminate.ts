/** `aha decontaminate`: drops training rows that share a run of words with an evaluation set, and says which. */
import { Command } from "commander";
import type { DecontaminatedRow, Work } from "../../contracts/work.ts";
import { collect, positiveInteger } from "../arguments.ts";
import { RowProgress } from "../row-progress.ts";
import { type RowOutput, rowOutput, untilInterrupt } from "../row-stream.ts";

interface DecontaminateFlags {
  readonly train: string;
  readonly against: readonly string[];
  readonly out: string;
  readonly report?: string;
  readonly words: number;
  readonly column?: readonly string[];
}

export function decontaminateCommand(work: Work): Command {
  return new Command("decontaminate")
    .description("Drop training rows that share any 10 words in a row with an evaluation set, and say which")
    .requiredOption(
      "--train <path>",
      "training data: a file, a folder (its split train), or a hub id; path#split names another split",
    )
    .requiredOption("--against <path>", "an evaluation set likewise (its split test); repeatable", collect)
    .requiredOption("--out <file>", "where the rows that are kept go, as JSONL")
    .option(
      "--report <file>",
      "where the dropped rows are told, as JSONL (default: beside --out, .dropped.jsonl)",
    )
    .option("--words <count>", "how many words in a row may not be shared", positiveInteger, 10)
    .option("--column <name>", "compare this column only; repeatable (default: all text)", collect)
    .action(async (flags: DecontaminateFlags) => {
      const reportFile = flags.report ?? `${flags.out.replace(/\.jsonl?$/, "")}.dropped.jsonl`;
      const rows = work.decontaminate({
        train: flags.train,
        against: flags.against,
        words: flags.words,
        ...(flags.column === undefined ? {} : { columns: flags.column }),
      });
      await placeRows(rows, flags.out, reportFile);
    });
}

/** How many dropped rows are shown; all are in the report. */
const SHOWN_ROWS = 3;

async function placeRows(
  rows: AsyncIterable<DecontaminatedRow>,
  keptFile: string,
  reportFile: string,
): Promise<void> {
  const kept = rowOutput(keptFile);
  const report = rowOutput(reportFile);
  const progress = new RowProgress({ stream: process.stderr, bytes: null });
  const sets = new Map<string, number>();
  const shown: string[] = [];
  const placeAll = async (interrupted: () => boolean): Promise<boolean> => {
    try {
      for await (const row of rows) {
        if (interrupted()) break;
        await place(row, kept, report);
        const [match] = row.matches;
        progress.row(match === undefined ? "kept" : "dropped", 0);
        if (match === undefined) continue;
        for (const set of new Set(row.matches.map((one) => one.set))) sets.set(set, (sets.get(set) ?? 0) + 1);
        if (shown.length < SHOWN_ROWS)
          shown.push(`  ${row.source} shares "${match.shared}" with ${match.item}\n`);
      }
      kept.open();
      report.open();
    } finally {
      await kept.close();
      await report.close();
    }
    return interrupted();
  };
  const stopped = await untilInterrupt(placeAll, () => undefined);
  progress.finish(stopped ? "; stopped by Ctrl-C before the end" : "");
  const by = [...sets].map(([set, count]) => `  ${count} by ${set}\n`).join("");
  if (by !== "")
    process.stderr.write(`Dropped rows:\n${by}such as\n${shown.join("")}All are in ${reportFile}.\n`);
  if (stopped) process.exitCode = 130;
}

async function place(
  { row, source, matches }: DecontaminatedRow,
  kept: RowOutput,
  report: RowOutput,
): Promise<void> {
  if (matches.length === 0) await kept.write(row);
  else await report.write({ dropped: source, matches });
}
