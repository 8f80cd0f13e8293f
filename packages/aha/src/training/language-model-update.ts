/** One language-modelling update: next-token cross-entropy over packed sequences, none of which sees another. */
import { type AdamW, indices, noGrad, scope, type Tensor } from "@aha/torch";
import type { ExpertLoad } from "../models/deepseek/expert-balance.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { packSequences, type RaggedBatch } from "../models/ragged-batch.ts";
import { rowLogProbabilities } from "../models/token-log-probabilities.ts";
import { applyGradients } from "./apply-gradients.ts";
import { GradientAccumulator } from "./gradient-accumulator.ts";
import { countedTokens, type LabelledSequence } from "./labelled-sequence.ts";

export interface LanguageModelUpdateOptions {
  readonly learningRate: number;
  readonly maxGradientNorm: number;
  readonly tokensPerMicroBatch: number;
  /** Weight of the prediction module's loss, where the model has one; left out: 0, and the module is not trained. */
  readonly predictionWeight?: number;
  /** Where an adapter has dropout: the seed of a module's mask in the micro-batch of a number. Left out: no dropout. */
  readonly dropoutSeed?: (microBatch: number, path: string) => bigint;
}

export interface LanguageModelUpdateResult {
  readonly loss: number; // nats a predicted token
  readonly gradientNorm: number;
  readonly tokens: number; // predicted
  /** Of the prediction module, nats a token; null where it was not trained. */
  readonly predictionLoss: number | null;
  /** Of each layer with experts; empty in models without. */
  readonly experts: readonly ExpertLoad[];
  /** False where the gradient was not finite and the step was left out. */
  readonly applied: boolean;
}

type Sequences = readonly LabelledSequence[];

/** Rows of a packed batch and what is `distance` tokens after each, of the counted tokens after the first of each sequence. */
function predictions(
  sequences: Sequences,
  { starts }: RaggedBatch,
  distance: number,
): { rows: number[]; targets: number[] } {
  const rows: number[] = [];
  const targets: number[] = [];
  sequences.forEach(({ tokenIds, counted }, index) => {
    const start = starts[index] as number;
    for (let place = distance; place < tokenIds.length; place++) {
      if (counted !== null && !counted[place]) continue;
      rows.push(start + place - distance);
      targets.push(tokenIds[place] as number);
    }
  });
  return { rows, targets };
}

/** Summed negative log-probabilities as float32 [] tensors: of the next tokens, and of those after them where that is wanted. */
interface SummedLosses {
  readonly next: Tensor;
  readonly ahead: Tensor | null;
}

function summedLosses(model: LanguageModel, sequences: Sequences, ahead: boolean): SummedLosses {
  const inputs = sequences.map(({ tokenIds }) => tokenIds.slice(0, -1));
  const batch = packSequences(inputs, model.device);
  const hidden = model.hidden(batch);
  const lossOf = (states: Tensor, distance: number): Tensor | null => {
    const { rows, targets } = predictions(sequences, batch, distance);
    if (rows.length === 0 && distance > 1) return null;
    return rowLogProbabilities(model, states, rows, targets).logProbabilities.sum().neg();
  };
  const next = lossOf(hidden, 1) as Tensor;
  if (!ahead) return { next, ahead: null };
  const nextIds = new Array<number>(batch.tokens).fill(0);
  sequences.forEach(({ tokenIds }, index) => {
    for (let place = 1; place < tokenIds.length; place++)
      nextIds[(batch.starts[index] as number) + place - 1] = tokenIds[place] as number;
  });
  return { next, ahead: lossOf(model.predictAhead(batch, hidden, indices(nextIds).to(model.device)), 2) };
}

const predicted = (sequences: Sequences): number =>
  sequences.reduce((sum, sequence) => sum + countedTokens(sequence), 0);

/** Counted tokens of a sequence that have two before them. */
const countedAhead = ({ tokenIds, counted }: LabelledSequence): number =>
  counted === null
    ? Math.max(0, tokenIds.length - 2)
    : tokenIds.reduce((sum, _, place) => sum + (place >= 2 && counted[place] ? 1 : 0), 0);

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
export function languageModelLoss(
  model: LanguageModel,
  sequences: Sequences,
  tokensPerMicroBatch: number,
): number {
  const sum = split(sequences, tokensPerMicroBatch).reduce(
    (total, part) => total + scope(() => noGrad(() => summedLosses(model, part, false).next.item())),
    0,
  );
  return sum / Math.max(1, predicted(sequences));
}

/** Updates the model on one batch; the mean is over all counted tokens, however they are split. */
export function updateLanguageModel(
  model: LanguageModel,
  optimizer: AdamW,
  sequences: Sequences,
  options: LanguageModelUpdateOptions,
): LanguageModelUpdateResult {
  const tokens = predicted(sequences);
  const parts = split(sequences, options.tokensPerMicroBatch);
  const accumulator = new GradientAccumulator(model.parameters(), parts.length);
  const { dropoutSeed, predictionWeight = 0 } = options;
  const ahead = model.predictsAhead && predictionWeight > 0;
  const lossesOf = (part: Sequences, index: number): SummedLosses =>
    dropoutSeed === undefined
      ? summedLosses(model, part, ahead)
      : model.adapters.dropping(
          (path) => dropoutSeed(index, path),
          () => summedLosses(model, part, ahead),
        );
  const tokensAhead = sequences.reduce((sum, sequence) => sum + countedAhead(sequence), 0);
  model.balance?.begin(sequences.length);
  try {
    let loss = 0;
    let further = 0;
    for (const [index, part] of parts.entries()) {
      scope(() => {
        const losses = lossesOf(part, index);
        const mean = losses.next.div(tokens);
        const meanAhead = losses.ahead?.div(tokensAhead) ?? null;
        (meanAhead === null ? mean : mean.add(meanAhead.mul(predictionWeight))).backward();
        loss += mean.detach().item();
        further += meanAhead?.detach().item() ?? 0;
      });
      accumulator.collect();
    }
    const step = scope(() => applyGradients(optimizer, accumulator.gradients(), loss + further, options));
    const experts = model.balance?.end(step.applied) ?? [];
    return { loss, tokens, predictionLoss: ahead ? further : null, experts, ...step };
  } finally {
    model.balance?.cancel();
    accumulator.clear();
  }
}
