/**
 * Supervised fine-tuning: a model folder and conversations in, a model folder out.
 *
 * Loss on the assistant's tokens only; examples are packed without seeing each other; the learning rate falls by a cosine
 * to a tenth (DeepSeek-R1, B.4). The optimiser (AdamW), the clip at 1 and sorting within a batch are ours: the paper
 * does not state them.
 */
import { AdamW } from "@aha/torch";
import { learningRateAt } from "../algorithms/learning-rate.ts";
import type { TrainOptions, TrainResult } from "../contracts/work.ts";
import { modelOnDisk } from "../hub/model-on-disk.ts";
import { openTokenizer, requireNoModel, stopTokens } from "../models/load-model.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import type { SupervisedRecipe } from "../recipe/supervised-schema.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import type { TrainingBatch } from "../training/document-batches.ts";
import { chooseTokensPerMicroBatch } from "../training/estimate.ts";
import { exampleBatches, stepsOfEpochs } from "../training/example-batches.ts";
import { openForTraining } from "../training/open-for-training.ts";
import { useThreads } from "../training/threads.ts";
import { readSupervisedData, type SupervisedData } from "./supervised-data.ts";
import { runSupervised, type SupervisedLoop, type SupervisedPlan } from "./supervised-run.ts";
import { textLearning } from "./text-learning.ts";

/** Trains as the recipe says and writes the finished model to `recipe.output`. */
export async function superviseFineTuning(
  recipe: SupervisedRecipe,
  options: TrainOptions,
): Promise<TrainResult> {
  useThreads(recipe.threads);
  const { lora } = recipe.model;
  const path = await modelOnDisk(recipe.model.path);
  if (lora !== undefined) requireNoModel(recipe.output);
  const opened = openForTraining({ ...recipe.model, path }, deriveSeed(recipe.seed, "adapter"));
  const { model, generation, tokenizerFolder } = opened;
  model.recomputeActivations = recipe.recomputeActivations;
  const tokenizer = openTokenizer(path, model.config);
  const [endTokenId] =
    tokenizer.eosTokenId === null ? stopTokens(generation, tokenizer) : [tokenizer.eosTokenId];
  if (endTokenId === undefined) {
    model.dispose();
    const message = `${recipe.model.path} names no end-of-sequence token; set eos_token in its tokenizer_config.json`;
    throw new RecipeError([{ path: "model.path", message }]);
  }
  const maxLength = Math.min(recipe.maxLength, model.config.maxPositions);
  const data = await readSupervisedData(recipe, tokenizer, { maxLength, endTokenId });
  const sizes = { examplesPerBatch: recipe.batch, epochs: recipe.epochs };
  const steps = stepsOfEpochs(data.train.length, sizes);
  if (!options.json && options.quiet !== true) process.stderr.write(`${describeData(data, steps, recipe)}\n`);
  const width = model.dtype === "float32" ? 4 : 2;
  const { trainedCount, config } = model;
  const tokensPerMicroBatch =
    recipe.tokensPerMicroBatch ||
    chooseTokensPerMicroBatch(config, width, trainedCount, recipe.recomputeActivations);
  const { learningRate, betas, epsilon, weightDecay, maxGradientNorm, predictionWeight } = recipe;
  const optimizer = new AdamW(model.parameters(), { learningRate, betas, epsilon, weightDecay });
  const plan: SupervisedPlan<TrainingBatch> = {
    recipe,
    steps,
    ...textLearning(() => ({ model, optimizer, heldOut: data.heldOut.flat() }), {
      ...{ seed: recipe.seed, maxGradientNorm, tokensPerMicroBatch, predictionWeight },
    }),
    open() {
      const dispose = (): void => {
        optimizer.dispose();
        model.dispose();
      };
      return { model, optimizer, tokenizerFolder, generation, dispose };
    },
    batches: (skip) => exampleBatches(data.train, { ...sizes, seed: recipe.seed, skip }),
    learningRate: (step) =>
      learningRateAt(step, {
        peak: recipe.learningRate,
        warmupSteps: recipe.warmup,
        totalSteps: steps,
        form: "cosine",
        finalFraction: recipe.finalLearningRateFraction,
      }),
    describe: (_, loop) => provenance(recipe, data, loop),
  };
  return runSupervised(plan, options);
}

function describeData(data: SupervisedData, steps: number, recipe: SupervisedRecipe): string {
  const tokens = data.train.flat().reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  const became = recipe.overlong === "drop" ? "left out" : "cut";
  return [
    `${data.train.length} examples (${tokens} tokens), ${data.heldOut.length} held out; ${steps} steps`,
    ...(data.overlong > 0 ? [`${data.overlong} overlong ones ${became}`] : []),
    ...(data.empty > 0 ? [`${data.empty} without a token to learn left out`] : []),
  ].join("; ");
}

/** What a reader of the model card must know. */
function provenance(recipe: SupervisedRecipe, data: SupervisedData, loop: SupervisedLoop): string {
  const source =
    typeof recipe.data === "string"
      ? recipe.data
      : "path" in recipe.data
        ? recipe.data.path
        : recipe.data.name;
  return [
    `Fine-tuned from \`${recipe.model.path}\` by the recipe \`${recipe.name}\` on \`${source}\`:\n\n`,
    `- ${data.train.length} examples, ${recipe.epochs} epochs, seed ${recipe.seed}\n`,
    `- ${loop.tokens} learnt tokens, learning rate ${recipe.learningRate} falling to ${recipe.finalLearningRateFraction} of it\n`,
    `- ${Math.round(loop.seconds)} s of training`,
  ].join("");
}
