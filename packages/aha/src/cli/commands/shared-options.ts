/** Options that several commands take, spelt and explained once. */
import { type Command, Option } from "commander";
import type { Device, Dtype, SamplingOptions } from "../../contracts/work.ts";
import { fraction, nonNegative, positiveInteger, probability, wholeNumber } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";

/** The sampling options as commander hands them over. */
export interface SamplingFlags {
  readonly greedy?: boolean;
  readonly temperature?: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly maxNewTokens: number;
  readonly seed: number;
  readonly speculative?: boolean;
}

export interface DeviceFlags {
  readonly dtype: Dtype;
  readonly device: Device;
}

/** What is drawn by where nothing is said; plain sampling unless a command says otherwise. */
export interface SamplingDefaults {
  readonly temperature?: number;
  readonly topP?: number;
  /** What the help says of the limit in place of the number. */
  readonly maxNewTokensHelp?: string;
}

export function addSamplingOptions(
  command: Command,
  maxNewTokens: number | undefined,
  { temperature = 1, topP = 1, maxNewTokensHelp }: SamplingDefaults = {},
): Command {
  return command
    .option("--greedy", "always take the likeliest token (the same as --temperature 0)")
    .option("--temperature <number>", `sampling temperature (default: ${temperature})`, nonNegative)
    .option(
      "--top-p <number>",
      "sample from the likeliest tokens that hold this probability",
      probability,
      topP,
    )
    .option("--top-k <count>", "sample from this many likeliest tokens; 0: all", wholeNumber, 0)
    .option(
      "--min-p <number>",
      "leave out tokens below this share of the likeliest's probability",
      fraction,
      0,
    )
    .option(
      "--max-new-tokens <count>",
      `cut a completion off after so many tokens${maxNewTokensHelp === undefined ? "" : ` (default: ${maxNewTokensHelp})`}`,
      positiveInteger,
      maxNewTokens,
    )
    .option("--seed <number>", "seed of the sampling", wholeNumber, 0)
    .option(
      "--speculative",
      "draft tokens with the model's prediction module (DeepSeek-V3), two positions a step; the same distribution",
    );
}

export function samplingOptions(flags: SamplingFlags, temperature = 1): SamplingOptions {
  if (flags.greedy === true && (flags.temperature ?? 0) > 0) {
    throw new UsageError(`--greedy and --temperature ${flags.temperature} contradict each other; give one`);
  }
  return {
    temperature: flags.greedy === true ? 0 : (flags.temperature ?? temperature),
    topP: flags.topP,
    topK: flags.topK,
    minP: flags.minP,
    maxNewTokens: flags.maxNewTokens,
    seed: flags.seed,
    ...(flags.speculative === true ? { speculative: true } : {}),
  };
}

export function addDeviceOptions(command: Command, dtype: Dtype): Command {
  return command
    .addOption(
      new Option("--dtype <type>", "compute type; auto: as the model folder stores its weights")
        .choices(["auto", "float32", "bfloat16"])
        .default(dtype),
    )
    .addOption(
      new Option("--device <device>", "where to compute").choices(["auto", "cpu", "cuda"]).default("auto"),
    );
}
