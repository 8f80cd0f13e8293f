/** The part of a recipe that says what a device costs, and what `aha plan` may expect of the data. */
import { z } from "zod";
import { positive, positiveInteger } from "./shared-fields.ts";

const completionTokens = z
  .strictObject({
    start: positive.describe("Mean length of a completion in the first step."),
    end: positive.describe("The same in the last step; between them it grows evenly."),
  })
  .describe("Expected lengths; left out: a quarter of rl.maxNewTokens throughout.");

const expect = z
  .strictObject({
    promptTokens: positive.optional().describe("Mean length of a prompt; left out: 200."),
    completionTokens: completionTokens.optional(),
    lengthVariation: positive
      .optional()
      .describe("Standard deviation of completions' lengths over their mean within a step; left out: 0.8."),
    examples: positiveInteger.optional().describe("Training examples, where the data is not at hand."),
    exampleTokens: positive.optional().describe("Mean tokens of an example, its prompt included."),
  })
  .optional()
  .describe("What `aha plan` reckons with; a run itself takes no notice.");

export const cost = z
  .strictObject({
    pricePerDeviceHour: z
      .number()
      .nonnegative()
      .optional()
      .describe(
        "US dollars; left out: 2 for an accelerator (DeepSeek-R1's H800), 0.1 for a machine without.",
      ),
    expect,
  })
  .optional()
  .describe("Prices and expectations: what `aha cost` and `aha plan` reckon with.");

export type CostRecipe = NonNullable<z.output<typeof cost>>;

/** DeepSeek-R1, table 7: the rental price of an H800. */
const ACCELERATOR_PRICE = 2;
/** Ours: about what two virtual cores with a few gigabytes are rented for. */
const PROCESSOR_PRICE = 0.1;

/** US dollars an hour of one device, by the recipe or by its kind. */
export function pricePerDeviceHour(
  recipe: { readonly cost?: CostRecipe | undefined },
  device: string,
): number {
  return recipe.cost?.pricePerDeviceHour ?? (device.startsWith("cpu") ? PROCESSOR_PRICE : ACCELERATOR_PRICE);
}
