/** The fields that both kinds of recipe have in common, with their defaults beside them. */
import { z } from "zod";

export const positiveInteger = z.int().positive();
export const wholeNumber = z.int().nonnegative();
export const positive = z.number().positive();
export const fraction = z.number().min(0).max(1);

export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    "expected letters, digits, dots, dashes or underscores: it names the run directory",
  )
  .describe("Names the run; its directory is runs/<name> unless the command says otherwise.");

export const seed = wholeNumber.default(0).describe("Every random choice of the run derives from it.");

export const threads = wholeNumber.default(0).describe("CPU threads for LibTorch; 0 takes all cores.");

export const device = z
  .enum(["auto", "cpu", "cuda"])
  .default("auto")
  .describe("auto: CUDA where LibTorch finds a device, else the CPU.");

export const dtype = z
  .enum(["auto", "float32", "bfloat16"])
  .default("auto")
  .describe(
    "Compute type of the weights; auto: as the folder stores them, but float32 on CPUs without bfloat16.",
  );

/** Defaults: DeepSeek-V3, §4.2. */
export const experts = z
  .strictObject({
    biasStep: z
      .number()
      .nonnegative()
      .default(0.001)
      .describe("What the bias of an over- or underloaded expert changes by after each update; 0: nothing."),
    balanceWeight: z
      .number()
      .nonnegative()
      .default(0.0001)
      .describe("Weight of the balance loss within each sequence."),
  })
  .optional()
  .describe("How a mixture of experts is kept balanced in training; left out: as DeepSeek-V3 was trained.");

export const betas = z
  .tuple([fraction, fraction])
  .default([0.9, 0.95])
  .describe("AdamW's decay rates of the first and second moment.");

export const weightDecay = z.number().nonnegative();

export const checkpoint = z
  .strictObject({
    every: wholeNumber.default(10).describe("Steps between checkpoints; 0: only at the end and on Ctrl-C."),
    keep: positiveInteger.default(2).describe("How many of the newest checkpoints stay on disk."),
  })
  .prefault({});

export const recomputeActivations = z
  .boolean()
  .default(false)
  .describe("Keep only each layer's inputs for backward and compute the rest again: less memory, slower.");

export const tokensPerMicroBatch = wholeNumber
  .default(0)
  .describe("Tokens of one forward and backward pass; 0 chooses by itself.");
