/** A model of a configuration without a folder: with fresh weights, or (for counting) with none at all. */
import { type Device, type Dtype, generator, scope } from "@aha/torch";
import type { DecoderConfig } from "../folder/decoder-config.ts";
import { DeepseekV3 } from "./deepseek/deepseek-v3.ts";
import { allocateDeepseek, initialiseDeepseek } from "./deepseek/deepseek-weights.ts";
import type { LanguageModel } from "./language-model.ts";
import { Llama } from "./llama.ts";
import { allocateWeights, initialiseWeights } from "./llama-weights.ts";

/** Fresh weights drawn from the seed (float32 draws, whatever the dtype). Dispose it when done. */
export function freshModel(
  config: DecoderConfig,
  seed: bigint,
  dtype: Dtype,
  device: Device = "cpu",
): LanguageModel {
  const random = generator(seed);
  return config.family === "deepseek_v3"
    ? new DeepseekV3(config, initialiseDeepseek(config, random, dtype, device))
    : new Llama(config, initialiseWeights(config, random, dtype, device));
}

export interface ModelSize {
  /** Numbers in the weights; tied matrices count once, a prediction module counts. */
  readonly parameters: number;
  /** Numbers that a cache keeps of a token, over all layers. */
  readonly cachedPerToken: number;
}

/** Exact, without memory for a single weight: the model is laid out on LibTorch's meta device. */
export function modelSize(config: DecoderConfig): ModelSize {
  return scope(() => {
    const model: LanguageModel =
      config.family === "deepseek_v3"
        ? new DeepseekV3(config, allocateDeepseek(config, "bfloat16", "meta"), 1)
        : new Llama(config, allocateWeights(config, "bfloat16", "meta"), 1);
    const { parameterCount, cachedPerToken } = model;
    model.dispose();
    return { parameters: parameterCount, cachedPerToken };
  });
}
