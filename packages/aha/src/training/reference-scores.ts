/** Log-probabilities of sampled tokens under the frozen reference policy. */
import { noGrad, scope } from "@aha/torch";
import type { LanguageModel } from "../models/language-model.ts";
import { packMicroBatch, scoreMicroBatch } from "./micro-batch.ts";
import { planMicroBatches, type TrainingSequence } from "./training-sequence.ts";

/** Float32 [completionLength] for each sequence. No graph is recorded and only one micro-batch is held at a time. */
export function referenceScores(
  reference: LanguageModel,
  sequences: readonly TrainingSequence[],
  temperature: number,
  tokensPerMicroBatch: number,
): Map<TrainingSequence, Float32Array> {
  const scores = new Map<TrainingSequence, Float32Array>();
  for (const part of planMicroBatches(sequences, tokensPerMicroBatch)) {
    scope(() =>
      noGrad(() => {
        const micro = packMicroBatch(part, reference);
        const { logProbabilities } = scoreMicroBatch(reference, micro, temperature);
        const values = logProbabilities.toTypedArray() as Float32Array;
        let position = 0;
        for (const sequence of part) {
          scores.set(sequence, values.slice(position, position + sequence.tokenIds.length));
          position += sequence.tokenIds.length;
        }
      }),
    );
  }
  return scores;
}
