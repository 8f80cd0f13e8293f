/** One policy update: gradients over micro-batches, clipping, and the optimiser's step. */
import { type AdamW, fromTypedArray, noGrad, scope, type Tensor } from "@aha/torch";
import type { ImportanceForm } from "../algorithms/importance.ts";
import type { LossForm } from "../algorithms/loss-form.ts";
import { policyLoss } from "../algorithms/policy-loss.ts";
import type { ExpertLoad } from "../models/deepseek/expert-balance.ts";
import type { LanguageModel } from "../models/language-model.ts";
import type { Filters } from "../models/token-log-probabilities.ts";
import { applyGradients } from "./apply-gradients.ts";
import { GradientAccumulator } from "./gradient-accumulator.ts";
import { halvingOnMemory } from "./halving-on-memory.ts";
import { packMicroBatch, perToken, scoreMicroBatch } from "./micro-batch.ts";
import { planMicroBatches, type TrainingSequence } from "./training-sequence.ts";

export interface PolicyUpdateOptions {
  readonly temperature: number;
  /** The sampler's filters; left out: none. */
  readonly filters?: Filters;
  readonly lossForm: LossForm;
  readonly maximumLength: number;
  readonly importance: ImportanceForm;
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly klCoefficient: number;
  readonly learningRate: number;
  readonly maxGradientNorm: number;
  readonly tokensPerMicroBatch: number;
}

/** What an update did; means are over scored tokens. */
export interface PolicyUpdateResult {
  readonly loss: number;
  readonly gradientNorm: number;
  /** False where the gradient was not finite and the step was left out. */
  readonly applied: boolean;
  readonly tokens: number; // scored
  readonly entropy: number;
  readonly kl: number | null;
  readonly clippedLow: number; // share of tokens
  readonly clippedHigh: number;
  /** |policy − sampler| log-probabilities before the update: 0 but for rounding when on-policy. */
  readonly logProbabilityDifference: { readonly mean: number; readonly max: number };
  /** exp(policy − sampler) per token. */
  readonly ratio: { readonly min: number; readonly mean: number; readonly max: number };
  /** Of each layer with experts; empty in models without. */
  readonly experts: readonly ExpertLoad[];
  /** Smaller than asked for where memory ran out. */
  readonly tokensPerMicroBatch: number;
}

interface Sums {
  loss: number;
  tokens: number;
  entropy: number;
  kl: number;
  clippedLow: number;
  clippedHigh: number;
  difference: number;
  differenceMax: number;
  ratio: number;
  ratioMin: number;
  ratioMax: number;
}

const noSums = (): Sums => ({
  loss: 0,
  tokens: 0,
  entropy: 0,
  kl: 0,
  clippedLow: 0,
  clippedHigh: 0,
  difference: 0,
  differenceMax: 0,
  ratio: 0,
  ratioMin: Number.POSITIVE_INFINITY,
  ratioMax: Number.NEGATIVE_INFINITY,
});

/** Adds one micro-batch's gradient to the parameters and its figures to the sums. */
function accumulate(
  model: LanguageModel,
  part: readonly TrainingSequence[],
  weights: ReadonlyMap<TrainingSequence, number>,
  reference: ReadonlyMap<TrainingSequence, Float32Array> | null,
  options: PolicyUpdateOptions,
  sums: Sums,
): void {
  scope(() => {
    const { device } = model;
    const micro = packMicroBatch(part, model);
    const { logProbabilities, entropy } = scoreMicroBatch(model, micro, options.temperature, options.filters);
    const old = perToken(micro, ({ oldLogProbabilities }) => oldLogProbabilities, device);
    const tokenWeights = perToken(micro, (sequence) => weights.get(sequence) as number, device);
    const { loss, statistics } = policyLoss(
      {
        policy: logProbabilities,
        old,
        reference:
          reference === null ? null : perToken(micro, (one) => reference.get(one) as Float32Array, device),
        advantages: perToken(micro, ({ advantage }) => advantage, device),
        weights: tokenWeights,
        sequences: micro.sequenceOfToken,
        counts: fromTypedArray(
          Float32Array.from(part, ({ tokenIds }) => tokenIds.length),
          { device },
        ),
      },
      options,
    );
    loss.backward();
    noGrad(() => {
      const difference = logProbabilities.detach().sub(old);
      const ratio = difference.exp();
      const count = difference.elementCount;
      sums.loss += loss.detach().item();
      sums.tokens += count;
      sums.entropy += entropy.sum().item();
      sums.kl += statistics.klSum;
      sums.clippedLow += statistics.clippedLow;
      sums.clippedHigh += statistics.clippedHigh;
      sums.difference += difference.abs().sum().item();
      sums.differenceMax = Math.max(sums.differenceMax, difference.abs().max().item());
      sums.ratio += ratio.sum().item();
      sums.ratioMin = Math.min(sums.ratioMin, ratio.min().item());
      sums.ratioMax = Math.max(sums.ratioMax, ratio.max().item());
    });
  });
}

/**
 * Updates the policy from sequences (one mini-batch). Weights of the loss form are taken over all of them, so the number
 * of micro-batches does not change the result. A gradient that is not finite is dropped: `applied` is false. Running out
 * of memory halves the micro-batch and starts the update again.
 */
export function updatePolicy(
  model: LanguageModel,
  optimizer: AdamW,
  sequences: readonly TrainingSequence[],
  reference: ReadonlyMap<TrainingSequence, Float32Array> | null,
  options: PolicyUpdateOptions,
): PolicyUpdateResult {
  const scored = sequences.filter((sequence) => sequence.scored);
  // Sequences left out of the loss still count among the sequences: masking must not weigh the others up.
  const lengths = sequences.map((sequence) => (sequence.scored ? sequence.tokenIds.length : 0));
  const perSequence = options.lossForm(lengths, options.maximumLength);
  const weights = new Map(sequences.map((sequence, index) => [sequence, perSequence[index] as number]));
  // Without a KL term a sequence of advantage 0 has no gradient at all.
  const useful = reference === null ? scored.filter(({ advantage }) => advantage !== 0) : scored;
  const parameters = model.parameters();
  return halvingOnMemory(options.tokensPerMicroBatch, (limit) => {
    const parts = planMicroBatches(useful, limit);
    const accumulator = new GradientAccumulator(parameters, parts.length);
    const sums = noSums();
    model.balance?.begin(useful.length);
    try {
      for (const part of parts) {
        accumulate(model, part, weights, reference, options, sums);
        accumulator.collect();
      }
      const result = scope(() =>
        finish(optimizer, accumulator.gradients(), sums, reference !== null, limit, options),
      );
      // Without any gradient no step was made.
      const experts = model.balance?.end(result.applied && sums.tokens > 0) ?? [];
      return { ...result, experts };
    } finally {
      model.balance?.cancel();
      accumulator.clear();
    }
  });
}

function finish(
  optimizer: AdamW,
  gradients: readonly (Tensor | null)[],
  sums: Sums,
  withReference: boolean,
  limit: number,
  options: PolicyUpdateOptions,
): Omit<PolicyUpdateResult, "experts"> {
  const { gradientNorm, applied } = applyGradients(optimizer, gradients, sums.loss, options);
  const tokens = Math.max(1, sums.tokens);
  const any = sums.tokens > 0;
  return {
    loss: sums.loss,
    gradientNorm,
    applied,
    tokens: sums.tokens,
    entropy: sums.entropy / tokens,
    kl: withReference ? sums.kl / tokens : null,
    clippedLow: sums.clippedLow / tokens,
    clippedHigh: sums.clippedHigh / tokens,
    logProbabilityDifference: { mean: sums.difference / tokens, max: sums.differenceMax },
    ratio: {
      min: any ? sums.ratioMin : 1,
      mean: any ? sums.ratio / tokens : 1,
      max: any ? sums.ratioMax : 1,
    },
    tokensPerMicroBatch: limit,
  };
}
