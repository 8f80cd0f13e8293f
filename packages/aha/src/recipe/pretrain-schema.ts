/** The recipe of a small base model pretrained from nothing: shape, text, tokens, schedule. */
import { z } from "zod";
import { nearestWorking } from "./batch-arithmetic.ts";
import { cost } from "./cost-field.ts";
import {
  betas,
  checkpoint,
  device,
  fraction,
  name,
  positive,
  positiveInteger,
  seed,
  threads,
  weightDecay,
  wholeNumber,
} from "./shared-fields.ts";
import {
  type Corpus,
  isCorpus,
  isReference,
  isTokenizerBuilder,
  type Reference,
  type TokenizerBuilder,
} from "./task-registry.ts";

/** The fields of a Llama `config.json`; the vocabulary's size comes from the tokenizer. */
const model = z.strictObject({
  hiddenSize: positiveInteger,
  layers: positiveInteger,
  heads: positiveInteger,
  keyValueHeads: positiveInteger,
  intermediateSize: positiveInteger.describe("Width inside the SwiGLU feed-forward."),
  tieEmbeddings: z.boolean().default(true),
  ropeTheta: positive.default(10_000),
  maxPositions: positiveInteger.default(2_048),
  normEpsilon: positive.default(1e-5),
  initializerRange: positive.default(0.02).describe("Standard deviation of the initial weights."),
  dtype: z
    .enum(["auto", "float32", "bfloat16"])
    .default("auto")
    .describe("Compute type; master weights are float32. auto: bfloat16."),
  device,
});

const corpus = z
  .custom<Corpus | Reference>(
    (value) => isCorpus(value) || isReference(value),
    'expected { name, documents(seed) }, or { "name": …, ...options } naming a registered corpus',
  )
  .meta({
    type: "object",
    required: ["name"],
    properties: { name: { type: "string" } },
    description: "A Corpus value; in JSON and YAML { name, ...options } names a registered one.",
  });

const tokenizer = z
  .custom<string | TokenizerBuilder | Reference>(
    (value) => (typeof value === "string" && value !== "") || isTokenizerBuilder(value) || isReference(value),
    "expected a folder with tokenizer.json, a tokenizer builder, or { name, ...options } naming one",
  )
  .meta({
    anyOf: [
      { type: "string" },
      { type: "object", required: ["name"], properties: { name: { type: "string" } } },
    ],
    description: "A folder holding tokenizer.json, or what builds one.",
  });

const evaluation = z
  .strictObject({
    every: wholeNumber
      .default(200)
      .describe("Steps between evaluations of the held-out loss; 0: at the end."),
    sequences: positiveInteger.default(64).describe("Held-out sequences of sequenceLength tokens."),
  })
  .prefault({});

export const pretrainSchema = z
  .strictObject({
    $schema: z.string().optional().describe("For editors; ignored."),
    stage: z.literal("pretrain"),
    name,
    seed,
    threads,
    model,
    corpus,
    tokenizer,
    tokens: positiveInteger.describe("The budget; steps = tokens / (batch × sequenceLength), rounded up."),
    sequenceLength: positiveInteger.default(256),
    batch: positiveInteger.default(64).describe("Sequences a step."),
    learningRate: positive.default(1e-3),
    warmup: wholeNumber.default(100).describe("Steps of linear warm-up."),
    finalLearningRateFraction: fraction
      .default(0.1)
      .describe("The cosine schedule ends at this fraction of learningRate."),
    weightDecay: weightDecay.default(0.1),
    betas,
    epsilon: positive.default(1e-8).describe("AdamW's epsilon."),
    maxGradientNorm: positive.default(1),
    evaluation,
    checkpoint,
    cost,
    output: z.string().min(1).describe("The folder the finished model is written to."),
  })
  .superRefine((recipe, context) => {
    const { model } = recipe;
    const fault = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    if (model.hiddenSize % (2 * model.heads) !== 0) {
      const near = nearestWorking(model.heads, model.hiddenSize, (n) => model.hiddenSize % (2 * n) === 0);
      const remedy = near.length === 0 ? "model.hiddenSize must be even" : `nearest: ${near.join(" or ")}`;
      fault(
        ["model", "heads"],
        `a width of ${model.hiddenSize} cannot be split into ${model.heads} heads of an even width; ${remedy}`,
      );
    }
    if (model.heads % model.keyValueHeads !== 0) {
      const near = nearestWorking(model.keyValueHeads, model.heads, (n) => model.heads % n === 0);
      fault(
        ["model", "keyValueHeads"],
        `${model.heads} heads cannot share ${model.keyValueHeads} equally; nearest: ${near.join(" or ")}`,
      );
    }
    if (recipe.sequenceLength > model.maxPositions) {
      fault(
        ["sequenceLength"],
        `${recipe.sequenceLength} is more than model.maxPositions (${model.maxPositions}); lower it or raise that`,
      );
    }
  });

export type PretrainRecipeInput = z.input<typeof pretrainSchema>;
export type PretrainRecipe = z.output<typeof pretrainSchema>;

/** Optimiser steps that spend the token budget. */
export function pretrainSteps(recipe: Pick<PretrainRecipe, "tokens" | "batch" | "sequenceLength">): number {
  return Math.ceil(recipe.tokens / (recipe.batch * recipe.sequenceLength));
}
