/** Pretraining of a small base model from nothing: text in, a Hugging Face folder out. */
import { join } from "node:path";
import { learningRateAt } from "../algorithms/learning-rate.ts";
import type { TrainOptions, TrainResult } from "../contracts/work.ts";
import { chooseDevice } from "../models/load-model.ts";
import { type PretrainRecipe, pretrainSteps } from "../recipe/pretrain-schema.ts";
import { type Corpus, resolveCorpus } from "../recipe/task-registry.ts";
import { documentBatches, type TrainingBatch } from "../training/document-batches.ts";
import type { LabelledSequence } from "../training/labelled-sequence.ts";
import { useThreads } from "../training/threads.ts";
import { findTokenizer, PretrainSession } from "./pretrain-session.ts";
import { corpora } from "./registries.ts";
import { runSupervised, type SupervisedLoop, type SupervisedPlan } from "./supervised-run.ts";
import { textLearning } from "./text-learning.ts";

const TOKENS_PER_MICRO_BATCH = 16_384;
/** Seeds of the held-out text lie apart from those of the training text. */
const HELD_OUT_SEED = 1_000_003;

/** Trains as the recipe says and writes the finished model to `recipe.output`. */
export async function pretrain(recipe: PretrainRecipe, options: TrainOptions): Promise<TrainResult> {
  useThreads(recipe.threads);
  const corpus = resolveCorpus(recipe.corpus, corpora);
  const tokenizer = findTokenizer(recipe);
  chooseDevice(recipe.model.device);
  let session: PretrainSession | undefined;
  const current = (): PretrainSession => session as PretrainSession;
  const heldOut = (): readonly LabelledSequence[] => {
    const seed = recipe.seed + HELD_OUT_SEED;
    const [first] = batchesOf(current(), corpus, seed, recipe.evaluation.sequences, 0);
    return first?.sequences ?? [];
  };
  const plan: SupervisedPlan<TrainingBatch> = {
    recipe,
    steps: pretrainSteps(recipe),
    ...textLearning(() => ({ model: current().model, optimizer: current().optimizer, heldOut: heldOut() }), {
      ...{ seed: recipe.seed, maxGradientNorm: recipe.maxGradientNorm },
      ...{ tokensPerMicroBatch: TOKENS_PER_MICRO_BATCH, predictionWeight: 0 },
    }),
    open(folder) {
      session = new PretrainSession(recipe, tokenizer.place(join(folder, "tokenizer")));
      return session;
    },
    batches: (skip) => batchesOf(current(), corpus, recipe.seed, recipe.batch, skip),
    learningRate: (step) =>
      learningRateAt(step, {
        peak: recipe.learningRate,
        warmupSteps: recipe.warmup,
        totalSteps: pretrainSteps(recipe),
        form: "cosine",
        finalFraction: recipe.finalLearningRateFraction,
      }),
    describe: ({ model }, loop) => provenance(recipe, corpus.name, model.parameterCount, loop),
  };
  return runSupervised(plan, options);
}

/** The corpus of a seed in batches of so many sequences' tokens, past the first `skip` documents. */
function batchesOf(
  { recipe, tokenizer, endTokenId }: PretrainSession,
  corpus: Corpus,
  seed: number,
  sequences: number,
  skip: number,
): Generator<TrainingBatch> {
  const { sequenceLength } = recipe;
  const tokensPerBatch = sequences * sequenceLength;
  return documentBatches(corpus.documents(seed), tokenizer, {
    tokensPerBatch,
    sequenceLength,
    endTokenId,
    skip,
  });
}

/** What a reader of the model card must know: from where, from what, how much. */
function provenance(
  recipe: PretrainRecipe,
  corpus: string,
  parameters: number,
  loop: SupervisedLoop,
): string {
  const { hiddenSize, layers, heads } = recipe.model;
  return [
    `A base model of ${(parameters / 1e6).toFixed(2)} million parameters (${layers} layers, width ${hiddenSize}, ${heads} heads), `,
    `pretrained from nothing by the recipe \`${recipe.name}\` on the generated corpus \`${corpus}\`:\n\n`,
    `- seed ${recipe.seed}\n- ${loop.tokens} predicted tokens in ${loop.documents} documents\n`,
    `- ${Math.round(loop.seconds)} s of training on this project's own trainer\n\n`,
    "It has met only this corpus. It is the starting point of reinforcement learning, not a model to be used as it is.",
  ].join("");
}
