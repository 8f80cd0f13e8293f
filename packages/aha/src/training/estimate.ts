/** What a run will need, told before it starts. */
import { freemem } from "node:os";
import type { ModelConfig } from "../folder/model-config.ts";

export interface EstimateInput {
  readonly config: ModelConfig;
  readonly parameters: number;
  /** Numbers in a LoRA adapter that is trained on frozen weights; left out: the weights are trained. */
  readonly adapter?: number;
  /** Bytes of one number in the compute dtype. */
  readonly width: 2 | 4;
  readonly withReference: boolean;
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

/** From shapes: exact for weights, optimiser and cache, a bound from the saved tensors for activations. */
export function estimateMemory(input: EstimateInput): MemoryEstimate {
  const { config, parameters, width, withReference, tokensPerMicroBatch } = input;
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize, layers } = config;
  const { adapter } = input;
  // A reference is a second set of weights, or of the adapter alone.
  const copies = withReference ? 2 : 1;
  const weights = width * (adapter === undefined ? parameters * copies : parameters + adapter * copies);
  const trained = adapter ?? parameters;
  // Two float32 moments, a float32 master for narrower weights, gradients, and their float32 sums.
  const optimizer = trained * (8 + (width === 2 ? 4 + 4 : 0) + width);
  const projected = (heads + 2 * keyValueHeads) * headDimension;
  // Kept for backward per token and layer: two norms' inputs and outputs, q, k, v and the attention's output, the gate.
  const within = 4 * hiddenSize + projected + heads * headDimension + 3 * intermediateSize;
  const kept = input.recomputed ? layers * 2 * hiddenSize + within : layers * within;
  const passing = 2 * (projected + 3 * intermediateSize); // alive at once besides: one layer's temporaries
  const activations = tokensPerMicroBatch * width * (kept + passing);
  const perPosition = 2 * layers * keyValueHeads * headDimension * width;
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
  config: ModelConfig,
  width: 2 | 4,
  trained: number,
  recomputed: boolean,
): number {
  const { hiddenSize, intermediateSize, layers } = config;
  const within = 7 * hiddenSize + 3 * intermediateSize;
  const perToken = width * (recomputed ? layers * 2 * hiddenSize + 3 * within : layers * within);
  const tokens = Math.floor(Math.max(2 ** 28, 12 * trained) / perToken / 256) * 256;
  return Math.min(16_384, Math.max(1_024, tokens));
}
