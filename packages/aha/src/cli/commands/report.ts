/** `aha report`: the report of a run, also while it is running, and of several runs laid over each other. */
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { collect } from "../arguments.ts";

interface ReportFlags {
  readonly compare?: readonly string[];
  readonly output?: string;
  readonly svg?: string;
  readonly json?: boolean;
}

export function reportCommand(): Command {
  return new Command("report")
    .description("Write a run's report.html, also while it is running")
    .argument("<run>", "run directory, such as runs/quickstart")
    .option("--compare <run>", "another run to lay over the first; repeatable", collect)
    .option("--output <file>", "where the page goes (default: report.html in the run directory)")
    .option("--svg <file>", "also write the headline curves as one SVG picture")
    .option("--json", "print the run's summary and latest metrics as JSON")
    .action(async (run: string, flags: ReportFlags) => {
      const { readRun } = await import("../../run/run-directory.ts");
      const { writeFileAtomically } = await import("../../run/atomic.ts");
      const { curvesSvg, latestMetrics, reportHtml } = await import("../../report/index.ts");
      const runs = [run, ...(flags.compare ?? [])].map((root) => readRun(root));
      const output = resolve(flags.output ?? join(run, "report.html"));
      writeFileAtomically(output, reportHtml(runs));
      if (flags.svg !== undefined) writeFileAtomically(resolve(flags.svg), curvesSvg(runs));
      const first = runs[0];
      if (flags.json === true && first !== undefined) {
        const { step, metrics } = latestMetrics(first);
        const line = { run: basename(resolve(run)), step, summary: first.summary, metrics, report: output };
        process.stdout.write(`${JSON.stringify(line)}\n`);
      } else process.stdout.write(`${pathToFileURL(output).href}\n`);
    });
}
