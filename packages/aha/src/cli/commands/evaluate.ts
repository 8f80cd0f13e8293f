/** `aha evaluate`: how well a model does on a task's held-out questions. */
import { Command } from "commander";
import type { EvaluationReport, Work } from "../../contracts/work.ts";
import { assignment, collect, positiveInteger } from "../arguments.ts";
import {
  addDeviceOptions,
  addSamplingOptions,
  type DeviceFlags,
  type SamplingFlags,
  samplingOptions,
} from "./shared-options.ts";

interface EvaluateFlags extends SamplingFlags, DeviceFlags {
  readonly task: string;
  readonly taskOption?: readonly string[];
  readonly questions: number;
  readonly samples: number;
  readonly json?: boolean;
}

export function evaluateCommand(work: Work): Command {
  const command = new Command("evaluate")
    .description("Measure a model on a task's held-out questions")
    .argument("<model>", "Hugging Face model folder")
    .requiredOption("--task <name>", "the task, such as countdown")
    .option("--task-option <name=value>", "an option of the task, such as numbers=4; repeatable", collect)
    .option("--questions <count>", "how many held-out questions", positiveInteger, 200)
    .option("--samples <count>", "completions a question; accuracy is their mean", positiveInteger, 1)
    .option("--json", "print the result as JSON");
  addSamplingOptions(command, 256);
  addDeviceOptions(command, "auto");
  return command.action(async (model: string, flags: EvaluateFlags) => {
    const report = await work.evaluateModel({
      model,
      task: { ...Object.fromEntries((flags.taskOption ?? []).map(assignment)), name: flags.task },
      questions: flags.questions,
      samplesPerQuestion: flags.samples,
      sampling: samplingOptions(flags),
      dtype: flags.dtype,
      device: flags.device,
    });
    process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : formatEvaluation(report));
  });
}

/** A few aligned lines for a person. */
export function formatEvaluation(report: EvaluationReport): string {
  const used = Object.entries(report.reflection).filter(([, count]) => count > 0);
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const rows: Array<readonly [string, string]> = [
    ["accuracy", `${percent(report.accuracy)} of ${report.questions} questions × ${report.samples}`],
    ["format", percent(report.format)],
    ["mean length", `${report.mean_length.toFixed(1)} tokens`],
    [
      "reflection",
      used.length === 0 ? "none" : used.map(([word, n]) => `${word} ${n.toFixed(2)}`).join(", "),
    ],
  ];
  return rows.map(([label, value]) => `${label.padEnd(12)} ${value}\n`).join("");
}
