/** What `aha verify --jsonl` and `aha run-tests` have in common: judged rows out, problems told at the end. */
import type { JudgedRow } from "../contracts/work.ts";
import { RowProgress } from "./row-progress.ts";
import { openInput, requireDifferent, rowOutput, untilInterrupt } from "./row-stream.ts";

/** How many problems are told in words; all are in the rows. */
const TOLD_PROBLEMS = 10;

/**
 * Judges the rows of `file` in order. Sets the exit code: 1 where rows could not be judged, 130 after Ctrl-C; what was
 * judged by then is written.
 */
export async function judgeStream(
  file: string,
  output: string | undefined,
  judge: (chunks: AsyncIterable<Uint8Array>, source: string) => AsyncIterable<JudgedRow>,
): Promise<void> {
  const { stream, name, bytes } = openInput(file);
  requireDifferent(file, output);
  const out = rowOutput(output);
  const progress = new RowProgress({ stream: process.stderr, bytes });
  const problems: string[] = [];
  let count = 0;
  const work = async (interrupted: () => boolean): Promise<boolean> => {
    try {
      for await (const { row, outcome, problem, end } of judge(stream, name)) {
        await out.write(row);
        progress.row(outcome, end);
        if (problem === null) continue;
        count += 1;
        if (problems.length < TOLD_PROBLEMS) problems.push(problem);
      }
      out.open();
    } catch (error) {
      // The input was closed under its reader: that is how the reading ends.
      if (!interrupted()) throw error;
    } finally {
      await out.close();
    }
    return interrupted();
  };
  const stopped = await untilInterrupt(work, () => stream.destroy());
  progress.finish(stopped ? "; stopped by Ctrl-C, everything above is written" : "");
  if (count > 0) {
    const more = count > problems.length ? `… and ${count - problems.length} more\n` : "";
    process.stderr.write(`${count} rows could not be judged:\n${problems.join("\n")}\n${more}`);
    process.exitCode = 1;
  }
  if (stopped) process.exitCode = 130;
}
