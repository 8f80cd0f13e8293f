/** `aha run-tests`: programs run against their tests in a sandbox, a JSON line in, a JSON line out. */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import type { Work } from "../../contracts/work.ts";
import { positive, positiveInteger } from "../arguments.ts";
import { judgeStream } from "../judge-stream.ts";

interface RunTestsFlags {
  readonly jsonl: string;
  readonly out?: string;
  readonly concurrency: number;
  readonly wallSeconds?: number;
  readonly memoryMegabytes?: number;
  readonly all?: boolean;
}

export function runTestsCommand(work: Work): Command {
  return new Command("run-tests")
    .description("Run programs against their tests in a sandbox")
    .requiredOption(
      "--jsonl <file>",
      'rows {"language", "program", "tests"} in, the same with outcome and results out; "-": standard input',
    )
    .option("--out <file>", "where the rows go (default: standard output)")
    .option("--concurrency <count>", "programs run at once", positiveInteger, availableParallelism())
    .option("--wall-seconds <number>", "wall clock a test may take", positive)
    .option("--memory-megabytes <count>", "memory a test may take", positiveInteger)
    .option("--all", "run every test, also after one has failed")
    .addHelpText(
      "after",
      '\nA test is {"stdin", "stdout"}, {"function", "arguments", "expected"} or {"code"} with assertions; languages are\npython, javascript, typescript and cpp. Exit code: 0 where every row could be judged, else 1.',
    )
    .action(async (flags: RunTestsFlags) => {
      const request = {
        concurrency: flags.concurrency,
        stopAtFirstFailure: flags.all !== true,
        ...(flags.wallSeconds === undefined ? {} : { wallSeconds: flags.wallSeconds }),
        ...(flags.memoryMegabytes === undefined ? {} : { memoryMegabytes: flags.memoryMegabytes }),
      };
      await judgeStream(flags.jsonl, flags.out, (chunks, source) =>
        work.runTestRows(chunks, source, request),
      );
    });
}
