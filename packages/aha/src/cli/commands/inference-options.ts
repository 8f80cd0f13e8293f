/** Options of the commands that open a model for many requests: `aha serve` and `aha chat`. */
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { InferenceOptions } from "../../inference/inference-protocol.ts";
import { positive, positiveInteger } from "../arguments.ts";
import { addDeviceOptions, type DeviceFlags } from "./shared-options.ts";

export interface InferenceFlags extends DeviceFlags {
  readonly name?: string;
  readonly adapter?: readonly { readonly name: string; readonly folder: string }[];
  readonly context?: number;
  readonly sequences?: number;
  readonly cache: number;
  readonly threads?: number;
}

/** `name=folder`. */
function adapter(
  text: string,
  earlier: readonly { name: string; folder: string }[] = [],
): readonly { readonly name: string; readonly folder: string }[] {
  const equals = text.indexOf("=");
  if (equals <= 0 || equals === text.length - 1) throw new InvalidArgumentError("Expected name=folder.");
  return [...earlier, { name: text.slice(0, equals), folder: text.slice(equals + 1) }];
}

export function addInferenceOptions(command: Command): Command {
  command
    .option("--name <name>", "the model's name to clients (default: the folder's)")
    .option("--adapter <name=folder>", "serve a LoRA adapter under a name of its own; repeatable", adapter)
    .option(
      "--context <tokens>",
      "longest prompt and answer together (default: the model's)",
      positiveInteger,
    )
    .option("--sequences <count>", "answers generated at once (default: what --cache holds)", positiveInteger)
    .option("--cache <gibibytes>", "memory for keys and values where --sequences is not given", positive, 4)
    .option("--threads <count>", "threads of LibTorch (default: its own choice)", positiveInteger);
  return addDeviceOptions(command, "auto");
}

export function inferenceOptions(folder: string, flags: InferenceFlags): InferenceOptions {
  return {
    folder,
    name: flags.name ?? null,
    adapters: flags.adapter ?? [],
    dtype: flags.dtype,
    device: flags.device,
    positions: flags.context ?? null,
    rows: flags.sequences ?? null,
    cacheBytes: flags.cache * 2 ** 30,
    threads: flags.threads ?? null,
  };
}
