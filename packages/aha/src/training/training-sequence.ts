/** From scored groups to what the loss sees: sequences with advantages and old log-probabilities, in micro-batches. */
import type { AdvantageForm } from "../algorithms/advantage.ts";
import type { ScoredGroup } from "../rollout/records.ts";

/** One completion as the loss sees it. */
export interface TrainingSequence {
  /** Sequences of one group share their prompt and stand together in a micro-batch. */
  readonly group: number;
  readonly promptTokenIds: readonly number[]; // [promptLength]
  readonly tokenIds: readonly number[]; // [completionLength]
  readonly oldLogProbabilities: Float32Array; // [completionLength], the sampler's
  /** Of the whole completion, or (PPO) of each token: [completionLength]. */
  readonly advantage: number | Float32Array;
  /** False for completions that are left out of the loss: cut off ones under `truncated: "mask"`. */
  readonly scored: boolean;
}

/** The groups' completions with their advantages. `rewards` may differ from the groups' own: the shuffled ablation. */
export function trainingSequences(
  groups: readonly ScoredGroup[],
  rewards: readonly (readonly number[])[],
  advantageForm: AdvantageForm,
  truncated: "keep" | "mask",
): TrainingSequence[][] {
  return groups.map((group, index) => {
    const advantages = advantageForm(rewards[index] as readonly number[]);
    return group.completions.map(({ completion }, sample) => ({
      group: index,
      promptTokenIds: group.promptTokenIds,
      tokenIds: completion.tokenIds,
      oldLogProbabilities: completion.logProbabilities,
      advantage: advantages[sample] as number,
      scored: truncated === "keep" || completion.finish === "stop",
    }));
  });
}

/** Tokens that a forward pass computes for a sequence besides its prompt: the last one predicts nothing. */
const ownTokens = (sequence: TrainingSequence): number => sequence.tokenIds.length - 1;

/**
 * Fills micro-batches in order with up to `limit` computed tokens each; a prompt counts once for the sequences of its
 * group in the same micro-batch. A single sequence over the limit gets a micro-batch of its own.
 */
export function planMicroBatches(
  sequences: readonly TrainingSequence[],
  limit: number,
): TrainingSequence[][] {
  const batches: TrainingSequence[][] = [];
  let current: TrainingSequence[] = [];
  let tokens = 0;
  let prompts = new Set<number>();
  for (const sequence of sequences) {
    const cost = ownTokens(sequence) + (prompts.has(sequence.group) ? 0 : sequence.promptTokenIds.length);
    if (current.length > 0 && tokens + cost > limit) {
      batches.push(current);
      current = [];
      tokens = 0;
      prompts = new Set();
    }
    tokens += ownTokens(sequence) + (prompts.has(sequence.group) ? 0 : sequence.promptTokenIds.length);
    prompts.add(sequence.group);
    current.push(sequence);
  }
  if (current.length > 0) batches.push(current);
  return batches;
}
