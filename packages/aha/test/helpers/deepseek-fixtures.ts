/** The tiny DeepSeek-V3 folders and what transformers was frozen to compute with them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { indices, setThreads, type Tensor } from "@aha/torch";
import { readDeepseekConfig } from "../../src/folder/deepseek-config.ts";
import { DeepseekV3 } from "../../src/models/deepseek/deepseek-v3.ts";
import { loadDeepseek } from "../../src/models/deepseek/stored-deepseek.ts";
import type { RaggedBatch } from "../../src/models/ragged-batch.ts";

export interface FrozenCase {
  readonly inputIds: readonly number[];
  readonly logits: readonly number[]; // [length, V]
  readonly logProbabilities: readonly number[];
  readonly greedy: readonly number[];
  readonly aheadLogits?: readonly number[]; // [length − 1, V]
}
export interface FrozenGradient {
  readonly norm: number;
  readonly values?: readonly number[];
  readonly step?: number;
  readonly everyStep?: readonly number[];
}
export interface FrozenDeepseek {
  readonly cases: readonly FrozenCase[];
  readonly meanLoss: number;
  readonly gradients: Readonly<Record<string, FrozenGradient>>;
  readonly aheadLoss?: number;
  readonly jointGradients?: Readonly<Record<string, FrozenGradient>>;
}
interface Frozen {
  readonly models: Readonly<Record<string, FrozenDeepseek>>;
  readonly balance: {
    readonly lengths: readonly number[];
    readonly experts: number;
    readonly chosen: number;
    readonly scores: readonly number[];
    readonly losses: readonly number[];
    readonly gradient: readonly number[];
  };
  readonly blocks: readonly {
    readonly shape: readonly [number, number];
    readonly blocks: readonly [number, number];
    readonly bytes: readonly number[];
    readonly scales: readonly number[];
    readonly values: readonly number[];
  }[];
}

export const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
export const frozenDeepseek = JSON.parse(readFileSync(join(fixtures, "deepseek.json"), "utf8")) as Frozen;

// On shapes this small a second thread costs more than it computes.
setThreads(1);

export function openDeepseek(name: string, dtype: "float32" | "bfloat16" = "float32"): DeepseekV3 {
  const folder = join(fixtures, name);
  const config = readDeepseekConfig(folder);
  return new DeepseekV3(config, loadDeepseek(folder, config, dtype, "cpu"));
}

/** Each row's next token, int64 [T]; 0 where there is none. */
export function nextTokens(batch: RaggedBatch, inputs: readonly (readonly number[])[]): Tensor {
  const next = new Array<number>(batch.tokens).fill(0);
  inputs.forEach((ids, index) => {
    ids.slice(1).forEach((id, offset) => {
      next[(batch.starts[index] as number) + offset] = id;
    });
  });
  return indices(next);
}
