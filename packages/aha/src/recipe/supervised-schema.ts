/** The recipe of supervised fine-tuning: which model learns which conversations, for how long. */
import { z } from "zod";
import type { JsonValue } from "../tasks/task.ts";
import { cost } from "./cost-field.ts";
import { lora } from "./lora-field.ts";
import {
  betas,
  checkpoint,
  device,
  dtype,
  experts,
  fraction,
  name,
  positive,
  positiveInteger,
  recomputeActivations,
  seed,
  threads,
  tokensPerMicroBatch,
  weightDecay,
  wholeNumber,
} from "./shared-fields.ts";

/** Rows given as a value: a generated dataset, or one filtered by code. */
export interface SupervisedRows {
  readonly name: string;
  /** Each with `messages`, `prompt` + `completion`, or `text`. */
  readonly rows: readonly Readonly<Record<string, JsonValue>>[];
}

function isSupervisedRows(value: unknown): value is SupervisedRows {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, "name") === "string" && Array.isArray(Reflect.get(value, "rows"));
}

const data = z
  .union([
    z.string().min(1),
    z.strictObject({ path: z.string().min(1), split: z.string().optional() }),
    z.custom<SupervisedRows>(isSupervisedRows, "expected a path, { path, split }, or { name, rows }"),
  ])
  .meta({
    anyOf: [
      { type: "string" },
      {
        type: "object",
        required: ["path"],
        properties: { path: { type: "string" }, split: { type: "string" } },
      },
    ],
    description:
      "JSONL, JSON or Parquet with `messages`, `prompt` + `completion`, or `text`: a file or a folder; in TypeScript also { name, rows }.",
  });

const evaluation = z
  .strictObject({
    every: wholeNumber.default(0).describe("Steps between evaluations of the held-out loss; 0: at the end."),
    examples: wholeNumber.default(64).describe("Examples held out of training; 0: none."),
  })
  .prefault({});

/** Defaults are the paper's (DeepSeek-R1, B.4) where it states them. */
export const supervisedSchema = z.strictObject({
  $schema: z.string().optional().describe("For editors; ignored."),
  stage: z.literal("sft"),
  name,
  seed,
  threads,
  model: z.strictObject({
    path: z.string().min(1).describe("A Hugging Face model folder, or a LoRA adapter's."),
    dtype,
    device,
    lora,
    experts,
  }),
  data,
  epochs: positiveInteger.default(2), // 2–3
  batch: positiveInteger.default(128).describe("Examples a step."),
  maxLength: positiveInteger
    .default(32_768)
    .describe("Tokens of an example; the model's own limit where that is lower."),
  overlong: z
    .enum(["drop", "truncate"])
    .default("drop")
    .describe("What becomes of longer examples: left out and counted, or cut at the end."),
  learningRate: positive.default(5e-5),
  warmup: wholeNumber.default(0).describe("Steps of linear warm-up."),
  finalLearningRateFraction: fraction
    .default(0.1) // 5e-5 → 5e-6
    .describe("The cosine schedule ends at this fraction of learningRate."),
  weightDecay: weightDecay.default(0),
  betas,
  epsilon: positive.default(1e-8).describe("AdamW's epsilon."),
  maxGradientNorm: positive.default(1),
  predictionWeight: z
    .number()
    .nonnegative()
    .default(0.3) // DeepSeek-V3 §4.2
    .describe("Weight of the loss of the model's prediction module (DeepSeek-V3), where it has one."),
  recomputeActivations,
  tokensPerMicroBatch,
  evaluation,
  checkpoint,
  cost,
  output: z.string().min(1).describe("The folder the finished model is written to."),
});

export type SupervisedRecipeInput = z.input<typeof supervisedSchema>;
export type SupervisedRecipe = z.output<typeof supervisedSchema>;
