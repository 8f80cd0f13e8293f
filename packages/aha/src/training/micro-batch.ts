/** One micro-batch as tensors, and the scores of its completions' tokens under a model. */
import { fromTypedArray, indices, scope, type Tensor } from "@aha/torch";
import type { LanguageModel } from "../models/language-model.ts";
import { packSegments, type RaggedBatch, type Segment } from "../models/ragged-batch.ts";
import { type Filters, rowLogProbabilities } from "../models/token-log-probabilities.ts";
import type { TokenScores } from "../models/token-scores.ts";
import type { TrainingSequence } from "./training-sequence.ts";

/** N is the number of completion tokens, in the order of the sequences. */
export interface MicroBatch {
  readonly sequences: readonly TrainingSequence[];
  readonly batch: RaggedBatch;
  /** The packed row whose hidden state predicts each token: the prompt's last for a completion's first. */
  readonly sources: readonly number[]; // [N]
  readonly targets: readonly number[]; // [N]
  readonly sequenceOfToken: Tensor; // int64 [N], index into `sequences`
}

/** Packs prompts once for the sequences that share them. */
export function packMicroBatch(
  sequences: readonly TrainingSequence[],
  model: Pick<LanguageModel, "device">,
): MicroBatch {
  const segments: Segment[] = [];
  const promptSegment = new Map<number, number>();
  const completionSegment: number[] = [];
  for (const { group, promptTokenIds, tokenIds } of sequences) {
    let prompt = promptSegment.get(group);
    if (prompt === undefined) {
      prompt = segments.length;
      promptSegment.set(group, prompt);
      segments.push({ tokenIds: promptTokenIds, firstPosition: 0, prefix: null });
    }
    completionSegment.push(segments.length);
    segments.push({ tokenIds: tokenIds.slice(0, -1), firstPosition: promptTokenIds.length, prefix: prompt });
  }
  const batch = packSegments(segments, model.device);
  const sources: number[] = [];
  const targets: number[] = [];
  const owners: number[] = [];
  sequences.forEach(({ group, promptTokenIds, tokenIds }, index) => {
    const promptStart = batch.starts[promptSegment.get(group) as number] as number;
    const ownStart = batch.starts[completionSegment[index] as number] as number;
    tokenIds.forEach((id, offset) => {
      sources.push(offset === 0 ? promptStart + promptTokenIds.length - 1 : ownStart + offset - 1);
      targets.push(id);
      owners.push(index);
    });
  });
  return {
    sequences,
    batch,
    sources,
    targets,
    sequenceOfToken: indices(owners).to(model.device),
  };
}

/**
 * Log-probability and entropy of every completion token, float32 [N], of the distribution that was sampled from: at its
 * temperature and, where it filtered, with its filters.
 */
export function scoreMicroBatch(
  model: LanguageModel,
  micro: MicroBatch,
  temperature: number,
  filters?: Filters,
): TokenScores {
  return scope(() => {
    const hidden = model.hidden(micro.batch);
    return rowLogProbabilities(model, hidden, micro.sources, micro.targets, temperature, filters);
  });
}

/** A value for each sequence, spread over its tokens: float32 [N]. */
export function perToken(
  micro: MicroBatch,
  value: (sequence: TrainingSequence) => number | Float32Array,
  device: string,
): Tensor {
  const total = micro.sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  const values = new Float32Array(total);
  let position = 0;
  for (const sequence of micro.sequences) {
    const one = value(sequence);
    if (typeof one === "number") values.fill(one, position, position + sequence.tokenIds.length);
    else values.set(one, position);
    position += sequence.tokenIds.length;
  }
  return fromTypedArray(values, { device });
}
