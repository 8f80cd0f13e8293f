/** The part of a recipe that asks for a LoRA adapter instead of full training. */
import { z } from "zod";
import { targetNames } from "../lora/target-modules.ts";
import { positive, positiveInteger } from "./shared-fields.ts";

/** Defaults are ours: all linear modules, as QLoRA (Dettmers et al. 2023, §4) found to be needed to match full training. */
export const lora = z
  .strictObject({
    rank: positiveInteger.default(16).describe("Columns of A and B."),
    alpha: positive.default(32).describe("The update is scaled by alpha / rank."),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("Share of an adapter's input that is dropped in supervised training."),
    targetModules: z
      .union([z.literal("all-linear"), z.array(z.enum(targetNames)).min(1)])
      .default("all-linear")
      .describe("The projections that get an adapter, in every layer."),
    rslora: z.boolean().default(false).describe("Scale by alpha / √rank instead: for high ranks."),
  })
  .optional()
  .describe(
    "Train a LoRA adapter on the frozen model; left out: all weights. Learning rates are about ten times those of full training.",
  );

export type LoraRecipe = NonNullable<z.output<typeof lora>>;
