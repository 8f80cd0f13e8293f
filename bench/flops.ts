/** The floating-point operations that a GRPO step cannot do without, to tell how much of a machine it uses. */
import type { GrpoSettings } from "./measurement.ts";

/** A Llama's dimensions, as in shapes.json. */
export interface Shape {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly intermediate: number;
  readonly tied: boolean;
}

/**
 * Multiplications and additions of one step: generating with a key-value cache and the prompt read once a
 * question; a forward pass and a backward of twice its cost over every sequence; and, where β ≠ 0, the
 * reference's forward pass. The head is counted where a token is predicted: for new tokens only.
 */
export function usefulFlopsPerStep(shape: Shape, settings: GrpoSettings): number {
  const { questions, group, promptTokens, newTokens, beta } = settings;
  const sequences = questions * group;
  const generation =
    questions * forwardFlops(shape, 0, promptTokens, 1) +
    sequences * forwardFlops(shape, promptTokens, newTokens, newTokens);
  const forward = sequences * forwardFlops(shape, 0, promptTokens + newTokens, newTokens);
  return generation + forward * (beta === 0 ? 3 : 4);
}

/** One sequence: `tokens` more after `past` that are cached, with the head applied to `predicted` of them. */
function forwardFlops(shape: Shape, past: number, tokens: number, predicted: number): number {
  const { width, layers, heads, keyValueHeads, intermediate, vocabulary } = shape;
  const keyValueWidth = (width / heads) * keyValueHeads;
  const weightsPerLayer = 2 * width * width + 2 * width * keyValueWidth + 3 * width * intermediate;
  // Token i sees itself and all before it: past + 1, …, past + tokens.
  const seen = tokens * past + (tokens * (tokens + 1)) / 2;
  return 2 * layers * (weightsPerLayer * tokens + 2 * width * seen) + 2 * width * vocabulary * predicted;
}
