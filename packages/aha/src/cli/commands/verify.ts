/** `aha verify`: whether an answer is right, for one pair or for a file of them. */
import { Command, Option } from "commander";
import type { VerifyRequest, Work } from "../../contracts/work.ts";
import { nonNegative, positiveInteger } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";
import { judgeStream } from "../judge-stream.ts";

interface VerifyFlags {
  readonly jsonl?: string;
  readonly out?: string;
  readonly goldIs: NonNullable<VerifyRequest["gold"]>;
  readonly units: NonNullable<VerifyRequest["units"]>;
  readonly tolerance: number;
  readonly conflicts: NonNullable<VerifyRequest["conflictingAnswers"]>;
  readonly deadline?: number;
}

export function verifyCommand(work: Work): Command {
  return new Command("verify")
    .description("Judge a prediction against a gold answer by the maths verifier")
    .argument("[gold]", "the right answer")
    .argument("[prediction]", "what was answered, in free text")
    .option(
      "--jsonl <file>",
      'rows {"gold", "prediction"} in, the same with outcome out; "-": standard input',
    )
    .option("--out <file>", "where the rows go (default: standard output)")
    .addOption(
      new Option("--gold-is <form>", "what a gold is: the answer, or a solution that holds it")
        .choices(["auto", "answer", "solution"])
        .default("auto"),
    )
    .addOption(
      new Option("--units <way>", "whether units are part of an answer")
        .choices(["ignored", "kept"])
        .default("ignored"),
    )
    .option("--tolerance <share>", "numbers may differ by this share of the gold", nonNegative, 0)
    .addOption(
      new Option("--conflicts <way>", "several final answers that disagree")
        .choices(["reject", "last"])
        .default("reject"),
    )
    .option("--deadline <milliseconds>", "what is not judged by then is a timeout", positiveInteger)
    .addHelpText(
      "after",
      "\nExit code: 0 correct (or all rows judged), 1 otherwise.\nAn answer that begins with - and is no number goes behind --: aha verify -- -x -x",
    )
    .action(async (gold: string | undefined, prediction: string | undefined, flags: VerifyFlags) => {
      const request: VerifyRequest = {
        gold: flags.goldIs,
        units: flags.units,
        relativeTolerance: flags.tolerance,
        conflictingAnswers: flags.conflicts,
        ...(flags.deadline === undefined ? {} : { deadlineMilliseconds: flags.deadline }),
      };
      if (flags.jsonl !== undefined) {
        if (gold !== undefined)
          throw new UsageError("give either a gold and a prediction, or --jsonl, not both");
        await judgeStream(flags.jsonl, flags.out, (chunks, source) =>
          work.verifyRows(chunks, source, request),
        );
        return;
      }
      if (gold === undefined || prediction === undefined) {
        throw new UsageError("give a gold and a prediction, or --jsonl with a file of them");
      }
      const verdict = await work.verifyPair(gold, prediction, request);
      process.stdout.write(`${JSON.stringify(verdict)}\n`);
      if (verdict.outcome !== "correct") process.exitCode = 1;
    });
}
