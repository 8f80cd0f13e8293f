/** Options that every task has which reads its questions from files or a hub; spread into the task's schema. */
import { z } from "zod";

const limit = z.int().min(0).optional();

export const dataOptions = {
  path: z.string().min(1).describe("A file, a folder, or a hub id such as openai/gsm8k."),
  subset: z.string().min(1).optional().describe("A folder below it: a hub dataset's configuration."),
  trainSplit: z
    .string()
    .min(1)
    .optional()
    .describe("Which split trains; default train. train[:100] cuts it."),
  heldOutSplit: z
    .string()
    .min(1)
    .optional()
    .describe("Which split is held out; default test, else validation."),
  heldOutPath: z.string().min(1).optional().describe("Where the held-out split lies, if elsewhere."),
  heldOutOneIn: limit.describe(
    "Where the data has one split: one question in this many is held out, by a hash of its text; 0: none, 1: all.",
  ),
  train: limit.describe("At most so many training questions."),
  heldOut: limit.describe("At most so many held-out questions."),
  unparsedGold: z
    .enum(["refuse", "drop"])
    .default("refuse")
    .describe("What becomes of a row whose gold cannot be used: an error, or it is left out and counted."),
};

export interface DataOptions {
  readonly path: string;
  readonly subset?: string | undefined;
  readonly trainSplit?: string | undefined;
  readonly heldOutSplit?: string | undefined;
  readonly heldOutPath?: string | undefined;
  readonly heldOutOneIn?: number | undefined;
  readonly train?: number | undefined;
  readonly heldOut?: number | undefined;
  readonly unparsedGold: "refuse" | "drop";
}
