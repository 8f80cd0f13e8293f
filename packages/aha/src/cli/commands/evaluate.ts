/** `aha evaluate`: how well models do on benchmarks; evaluations side by side; whether one is better than another. */
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { EvaluatedModel, EvaluateRequest, FinishedEvaluation, Work } from "../../contracts/work.ts";
import type { JsonValue } from "../../tasks/task.ts";
import { collect, positive, positiveInteger, wholeNumber } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";
import { evaluatedTasks, namesOf } from "./evaluate-tasks.ts";
import {
  addDeviceOptions,
  addSamplingOptions,
  type DeviceFlags,
  type SamplingFlags,
  samplingOptions,
} from "./shared-options.ts";

export interface EvaluateFlags extends Omit<SamplingFlags, "maxNewTokens">, DeviceFlags {
  readonly maxNewTokens?: number;
  readonly task?: readonly string[];
  readonly taskOption?: readonly string[];
  readonly suite?: string;
  readonly questions?: number;
  readonly samples?: number | "paper";
  readonly paper?: boolean;
  readonly prompt?: string;
  readonly modelName?: string;
  readonly apiKeyEnv: string;
  readonly concurrency: number;
  readonly retries: number;
  readonly timeout: number;
  readonly system?: string;
  readonly extraBody?: Readonly<Record<string, JsonValue>>;
  readonly judge?: string;
  readonly judgeModel?: string;
  readonly judgeKeyEnv: string;
  readonly output?: string;
  readonly cache: string | boolean;
  readonly published?: readonly string[];
  readonly table?: boolean;
  readonly compare?: boolean;
  readonly json?: boolean;
}

/** The paper's protocol (R1 paper, evaluation set-up). */
const PAPER = { temperature: 0.6, topP: 0.95, maxNewTokens: 32_768 };

export function evaluateCommand(work: Work): Command {
  const command = new Command("evaluate")
    .description("Measure models on benchmarks: folders, or servers that speak OpenAI's interface")
    .argument(
      "<models...>",
      "model folders or addresses (http://127.0.0.1:8000/v1); with --table or --compare: folders of results",
    )
    .option(
      "--task <spec>",
      'a benchmark, with options behind its name: "math path=data/math500"; repeatable',
      collect,
    )
    .option("--task-option <name=value>", "an option of every task named by --task; repeatable", collect)
    .option(
      "--suite <file>",
      "a JSON or YAML file of benchmarks: [{name, title, questions, samples, …options}]",
    )
    .option("--questions <count>", "only the first so many held-out questions", positiveInteger)
    .option(
      "--samples <count>",
      "completions a question, or paper: as many as the paper draws (default: 1)",
      samplesOption,
    )
    .option("--paper", "the paper's protocol: --samples paper --max-new-tokens 32768")
    .option(
      "--prompt <form>",
      "how questions are put: chat, r1-zero or plain (default: chat where there is a chat template)",
    );
  addSamplingOptions(command, undefined, {
    ...PAPER,
    maxNewTokensHelp: "32768 for servers, 2048 for folders",
  });
  addDeviceOptions(command, "auto");
  command
    .option("--model-name <name>", "the model to ask for where a server offers several")
    .option(
      "--api-key-env <variable>",
      "the environment variable that holds the server's key",
      "OPENAI_API_KEY",
    )
    .option("--concurrency <count>", "requests to a server at once", positiveInteger, 16)
    .option("--retries <count>", "how often a failed request is repeated", wholeNumber, 6)
    .option("--timeout <seconds>", "how long a request may take", positive, 3600)
    .option("--system <text>", "a system message for servers; the paper uses none")
    .option("--extra-body <json>", "further fields of every request to a server", jsonObject)
    .option("--judge <url>", "the server of the judge, for benchmarks that have one")
    .option("--judge-model <name>", "the judge's name there")
    .option(
      "--judge-key-env <variable>",
      "the environment variable that holds the judge's key",
      "OPENAI_API_KEY",
    )
    .option(
      "--output <folder>",
      "where results go; the same command goes on there (default: evaluations/<model>-<digest>)",
    )
    .option(
      "--cache <folder>",
      "where answers are kept that are not asked for twice",
      join(".aha", "completions"),
    )
    .option("--no-cache", "ask for everything anew")
    .option(
      "--published <columns>",
      "published results beside: all, none, or names with commas (default: DeepSeek-R1)",
      columns,
    )
    .option("--table", "show folders of results side by side instead of measuring")
    .option(
      "--compare",
      "test whether the second folder of results is better than the first, paired by question",
    )
    .option("--json", "print results as JSON, a line a benchmark");
  return command.action(async (models: readonly string[], flags: EvaluateFlags) => {
    if (flags.table === true || flags.compare === true) {
      const { compareFolders, showFolders } = await import("./evaluate-results.ts");
      await (flags.compare === true ? compareFolders(models, flags) : showFolders(models, flags));
      return;
    }
    const finished = await work.evaluateModels(await requestOf(models, flags));
    await show(finished, flags);
    const failed = finished.flatMap(({ reports }) => reports).some((report) => (report.failed ?? 0) !== 0);
    if (failed) process.exitCode = 1;
  });
}

async function requestOf(models: readonly string[], flags: EvaluateFlags): Promise<EvaluateRequest> {
  const { judge, judgeModel, published } = flags;
  if ((judge === undefined) !== (judgeModel === undefined)) {
    throw new UsageError(
      "--judge and --judge-model belong together: the server's address and a model's name there",
    );
  }
  const limit = flags.maxNewTokens ?? (flags.paper === true ? PAPER.maxNewTokens : undefined);
  const { maxNewTokens: _, ...sampling } = samplingOptions({ ...flags, maxNewTokens: 1 }, PAPER.temperature);
  return {
    models: models.map((model) => modelOf(model, flags)),
    tasks: await evaluatedTasks(flags),
    samplesPerQuestion: flags.samples ?? (flags.paper === true ? "paper" : 1),
    ...(flags.prompt === undefined ? {} : { prompt: flags.prompt }),
    sampling: { ...sampling, ...(limit === undefined ? {} : { maxNewTokens: limit }) },
    dtype: flags.dtype,
    device: flags.device,
    endpoint: {
      apiKeyVariable: flags.apiKeyEnv,
      concurrency: flags.concurrency,
      retries: flags.retries,
      timeoutSeconds: flags.timeout,
      ...(flags.system === undefined ? {} : { system: flags.system }),
      ...(flags.extraBody === undefined ? {} : { extraBody: flags.extraBody }),
    },
    ...(judge === undefined || judgeModel === undefined
      ? {}
      : { judge: { url: judge, model: judgeModel, apiKeyVariable: flags.judgeKeyEnv } }),
    ...(flags.output === undefined ? {} : { output: flags.output }),
    ...(typeof flags.cache === "string" ? { cache: flags.cache } : {}),
    ...(published === undefined ? {} : { published: await namesOf(published) }),
  };
}

function modelOf(model: string, { modelName }: EvaluateFlags): EvaluatedModel {
  if (!/^https?:\/\//.test(model)) return { folder: model };
  return { url: model, ...(modelName === undefined ? {} : { model: modelName }) };
}

async function show(finished: readonly FinishedEvaluation[], flags: EvaluateFlags): Promise<void> {
  if (flags.json === true) {
    for (const report of finished.flatMap(({ reports }) => reports)) {
      process.stdout.write(`${JSON.stringify(report)}\n`);
    }
    return;
  }
  const { showFolders } = await import("./evaluate-results.ts");
  await showFolders(
    finished.map(({ folder }) => folder),
    flags,
  );
}

function samplesOption(text: string): number | "paper" {
  return text === "paper" ? text : positiveInteger(text);
}

const columns = (text: string): string[] => text.split(",").map((name) => name.trim());

function jsonObject(text: string): Readonly<Record<string, JsonValue>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, JsonValue>>;
    }
  } catch {
    // Told below, as every other value that is no object.
  }
  throw new InvalidArgumentError(
    'Expected a JSON object such as {"chat_template_kwargs": {"thinking": true}}.',
  );
}
