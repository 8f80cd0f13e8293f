/** Learning to predict text: what pretraining and supervised fine-tuning put into the loop of supervised-run.ts. */
import type { AdamW } from "@aha/torch";
import type { LanguageModel } from "../models/language-model.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import type { TrainingBatch } from "../training/document-batches.ts";
import { expertMetrics } from "../training/expert-metrics.ts";
import type { LabelledSequence } from "../training/labelled-sequence.ts";
import { languageModelLoss, updateLanguageModel } from "../training/language-model-update.ts";
import { countHeldOutLoss, countTexts } from "./run-costs.ts";
import type { Learning } from "./supervised-run.ts";

/** What learns, and what it is measured on. */
export interface TextLearner {
  readonly model: LanguageModel;
  readonly optimizer: AdamW;
  readonly heldOut: readonly LabelledSequence[];
}

export interface TextLearningOptions {
  readonly seed: number;
  readonly maxGradientNorm: number;
  readonly tokensPerMicroBatch: number;
  /** Of the prediction module's loss, in models that have one. */
  readonly predictionWeight: number;
}

/** Next-token cross-entropy; `open` is called once, at the first update. */
export function textLearning(
  open: () => TextLearner,
  { seed, maxGradientNorm, tokensPerMicroBatch, predictionWeight }: TextLearningOptions,
): Learning<TrainingBatch> {
  let opened: TextLearner | undefined;
  const learner = (): TextLearner => {
    opened ??= open();
    return opened;
  };
  return {
    update({ sequences }, { step, learningRate, meter }) {
      const { model, optimizer } = learner();
      const result = updateLanguageModel(model, optimizer, sequences, {
        ...{ learningRate, maxGradientNorm, tokensPerMicroBatch, predictionWeight },
        dropoutSeed: (microBatch, path) => deriveSeed(seed, "dropout", step, microBatch, path),
      });
      const { loss, gradientNorm, tokens, applied, predictionLoss, experts } = result;
      countTexts(meter, model, sequences, tokens, predictionWeight);
      const prediction = predictionLoss === null ? {} : { prediction_loss: predictionLoss };
      return { loss, gradientNorm, tokens, applied, metrics: { ...prediction, ...expertMetrics([experts]) } };
    },
    evaluate(meter) {
      const { model, heldOut } = learner();
      if (heldOut.length === 0) return null;
      countHeldOutLoss(meter, model, heldOut);
      return { "evaluation/loss": languageModelLoss(model, heldOut, tokensPerMicroBatch) };
    },
  };
}
