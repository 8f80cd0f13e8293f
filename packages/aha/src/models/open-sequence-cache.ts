/** The cache of sequences for a model's family. */
import { DeepseekV3 } from "./deepseek/deepseek-v3.ts";
import { LatentSequenceCache } from "./deepseek/latent-sequence-cache.ts";
import { KeyValueSequenceCache } from "./key-value-sequence-cache.ts";
import type { LanguageModel } from "./language-model.ts";
import { Llama } from "./llama.ts";
import type { SequenceCache } from "./sequence-cache.ts";

/** `rows` sequences of up to `positions` tokens each. Throws TypeError for a family that has no such cache. */
export function openSequenceCache(model: LanguageModel, rows: number, positions: number): SequenceCache {
  if (model instanceof Llama) return new KeyValueSequenceCache(model, rows, positions);
  if (model instanceof DeepseekV3) return new LatentSequenceCache(model, rows, positions);
  throw new TypeError(`expected a Llama or DeepseekV3, got a model of family ${model.config.family}`);
}
