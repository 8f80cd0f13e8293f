/** What a run will need, told before it starts. */
import { freemem } from "node:os";
import type { DecoderConfig } from "../folder/decoder-config.ts";

export interface EstimateInput {
  readonly config: DecoderConfig;
  /** Numbers that a cache keeps of a token. */
  readonly cachedPerToken: number;
  readonly parameters: number;
  /** Numbers in a LoRA adapter that is trained on frozen weights; left out: the weights are trained. */
  readonly adapter?: number;
  /** Bytes of one number in the compute dtype. */
  readonly width: 2 | 4;
  readonly withReference: boolean;
  /** PPO's value model: weights (or an adapter) of its own, and an optimiser's state; left out: none. */
  readonly withValue?: boolean;
  /** Only the layers' inputs are kept for backward. */
  readonly recomputed: boolean;
  readonly tokensPerMicroBatch: number;
  /** Completions decoded at once. */
  readonly capacity: number;
  readonly promptTokens: number;
  readonly questions: number;
  readonly maxNewTokens: number;
}

/** Bytes by purpose, and together. */
export interface MemoryEstimate {
  readonly weights: number;
  readonly optimizer: number;
  readonly activations: number;
  readonly cache: number;
  /** Training and sampling don't overlap: the larger of activations and cache counts. */
  readonly peak: number;
}

/** What a layer makes of a token: the attention's projections, its heads' outputs, and the feed-forward's inner numbers. */
function widthsOf(config: DecoderConfig): { projected: number; attended: number; feedForward: number } {
  const { heads, keyValueHeads, headDimension, intermediateSize } = config;
  if (config.family !== "deepseek_v3") {
    const projected = (heads + 2 * keyValueHeads) * headDimension;
    return { projected, attended: heads * headDimension, feedForward: intermediateSize };
  }
  const { queryRank, latentRank, plainDimension, valueDimension } = config;
  const { hiddenSize, expertSize, expertsPerToken, sharedExperts } = config;
  const expanded = heads * (2 * (plainDimension + headDimension) + valueDimension);
  // Every chosen expert has a copy of the token, and gives one back.
  const routed =
    (expertsPerToken + sharedExperts) * expertSize + Math.ceil((2 / 3) * expertsPerToken * hiddenSize);
  return {
    projected: expanded + (queryRank ?? 0) + 2 * (latentRank + headDimension),
    attended: heads * valueDimension,
    feedForward: Math.max(intermediateSize, routed),
  };
}

/** From shapes: exact for weights, optimiser and cache, a bound from the saved tensors for activations. */
export function estimateMemory(input: EstimateInput): MemoryEstimate {
  const { config, parameters, width, withReference, tokensPerMicroBatch } = input;
  const { hiddenSize, layers } = config;
  const { projected, attended, feedForward } = widthsOf(config);
  const { adapter } = input;
  // A reference is a second set of weights, or of the adapter alone.
  const copies = withReference ? 2 : 1;
  const trained = adapter ?? parameters;
  // A value model has no head for tokens.
  const headNumbers =
    config.tieEmbeddings || adapter !== undefined ? 0 : config.vocabularySize * config.hiddenSize;
  const valued = input.withValue === true ? trained - headNumbers : 0;
  const held = adapter === undefined ? parameters * copies : parameters + adapter * copies;
  const weights = width * (held + valued);
  // Two float32 moments, a float32 master for narrower weights, gradients, and their float32 sums.
  const optimizer = (trained + valued) * (8 + (width === 2 ? 4 + 4 : 0) + width);
  // Kept for backward per token and layer: two norms' inputs and outputs, q, k, v and the attention's output, the gate.
  const within = 4 * hiddenSize + projected + attended + 3 * feedForward;
  const kept = input.recomputed ? layers * 2 * hiddenSize + within : layers * within;
  const passing = 2 * (projected + 3 * feedForward); // alive at once besides: one layer's temporaries
  const activations = tokensPerMicroBatch * width * (kept + passing);
  const perPosition = input.cachedPerToken * width;
  const cache = perPosition * (input.capacity * input.maxNewTokens + input.questions * input.promptTokens);
  return { weights, optimizer, activations, cache, peak: weights + optimizer + Math.max(activations, cache) };
}

/** Bytes that this process can still take: the machine's free memory, or a container's limit where that is less. */
export function freeMemory(): number {
  // From Node.js 20.13 on.
  return typeof process.availableMemory === "function" ? process.availableMemory() : freemem();
}

/**
 * Tokens of a micro-batch, between 1,024 and 16,384: activations may take 256 MB, or as much as moments and master weights do
 * (12 bytes a trained number) where that is more. One micro-batch instead of two also saves the float32 sums of gradients.
 */
export function chooseTokensPerMicroBatch(
  config: DecoderConfig,
  width: 2 | 4,
  trained: number,
  recomputed: boolean,
): number {
  const { hiddenSize, layers } = config;
  const within = 7 * hiddenSize + 3 * widthsOf(config).feedForward;
  const perToken = width * (recomputed ? layers * 2 * hiddenSize + 3 * within : layers * within);
  const tokens = Math.floor(Math.max(2 ** 28, 12 * trained) / perToken / 256) * 256;
  return Math.min(16_384, Math.max(1_024, tokens));
}
