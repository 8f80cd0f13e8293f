/** One language-modelling update: next-token cross-entropy over packed sequences, none of which sees another. */
import { type AdamW, noGrad, scope, type Tensor } from "@aha/torch";
import type { Llama } from "../models/llama.ts";
import { packSequences } from "../models/ragged-batch.ts";
import { rowLogProbabilities } from "../models/token-log-probabilities.ts";
import { applyGradients } from "./apply-gradients.ts";
import { GradientAccumulator } from "./gradient-accumulator.ts";
import { countedTokens, type LabelledSequence } from "./labelled-sequence.ts";

export interface LanguageModelUpdateOptions {
  readonly learningRate: number;
  readonly maxGradientNorm: number;
  readonly tokensPerMicroBatch: number;
  /** Where an adapter has dropout: the seed of a module's mask in the micro-batch of a number. Left out: no dropout. */
  readonly dropoutSeed?: (microBatch: number, path: string) => bigint;
}

export interface LanguageModelUpdateResult {
  readonly loss: number; // nats a predicted token
  readonly gradientNorm: number;
  readonly tokens: number; // predicted
  /** False where the gradient was not finite and the step was left out. */
  readonly applied: boolean;
}

type Sequences = readonly LabelledSequence[];

/** Summed negative log-probability of the counted tokens after the first of each sequence, as a float32 [] tensor. */
function summedLoss(model: Llama, sequences: Sequences): Tensor {
  const inputs = sequences.map(({ tokenIds }) => tokenIds.slice(0, -1));
  const batch = packSequences(inputs, model.device);
  const rows: number[] = [];
  const targets: number[] = [];
  sequences.forEach(({ tokenIds, counted }, index) => {
    const start = batch.starts[index] as number;
    for (let place = 1; place < tokenIds.length; place++) {
      if (counted !== null && !counted[place]) continue;
      rows.push(start + place - 1);
      targets.push(tokenIds[place] as number);
    }
  });
  const { logProbabilities } = rowLogProbabilities(model, model.hidden(batch), rows, targets);
  return logProbabilities.sum().neg();
}

const predicted = (sequences: Sequences): number =>
  sequences.reduce((sum, sequence) => sum + countedTokens(sequence), 0);

/** Parts of at most `limit` tokens each, the sequences in their order. */
function split(sequences: Sequences, limit: number): Sequences[] {
  const parts: LabelledSequence[][] = [[]];
  let tokens = 0;
  for (const sequence of sequences) {
    const { length } = sequence.tokenIds;
    if (tokens > 0 && tokens + length > limit) {
      parts.push([]);
      tokens = 0;
    }
    (parts[parts.length - 1] as LabelledSequence[]).push(sequence);
    tokens += length;
  }
  return parts;
}

/** Mean loss without any gradient. */
export function languageModelLoss(model: Llama, sequences: Sequences, tokensPerMicroBatch: number): number {
  const sum = split(sequences, tokensPerMicroBatch).reduce(
    (total, part) => total + scope(() => noGrad(() => summedLoss(model, part).item())),
    0,
  );
  return sum / Math.max(1, predicted(sequences));
}

/** Updates the model on one batch; the mean is over all counted tokens, however they are split. */
export function updateLanguageModel(
  model: Llama,
  optimizer: AdamW,
  sequences: Sequences,
  options: LanguageModelUpdateOptions,
): LanguageModelUpdateResult {
  const tokens = predicted(sequences);
  const parts = split(sequences, options.tokensPerMicroBatch);
  const accumulator = new GradientAccumulator(model.parameters(), parts.length);
  const { dropoutSeed } = options;
  const lossOf = (part: Sequences, index: number): Tensor =>
    dropoutSeed === undefined
      ? summedLoss(model, part)
      : model.adapters.dropping(
          (path) => dropoutSeed(index, path),
          () => summedLoss(model, part),
        );
  try {
    let loss = 0;
    for (const [index, part] of parts.entries()) {
      scope(() => {
        const mean = lossOf(part, index).div(tokens);
        mean.backward();
        loss += mean.detach().item();
      });
      accumulator.collect();
    }
    const step = scope(() => applyGradients(optimizer, accumulator.gradients(), loss, options));
    return { loss, tokens, ...step };
  } finally {
    accumulator.clear();
  }
}
