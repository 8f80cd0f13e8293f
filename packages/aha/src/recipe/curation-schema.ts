/** The recipe of a curated dataset: who is sampled, what is kept, who rewrites and judges, what is mixed in. */
import { z } from "zod";
import { type AnswerJudge, isAnswerJudge, isRewriter, type Rewriter } from "../tasks/rewriter.ts";
import type { JsonValue, Question, Reward, Task } from "../tasks/task.ts";
import { isTaskSource, type TaskSource } from "../tasks/task-source.ts";
import {
  device,
  dtype,
  fraction,
  name,
  positiveInteger,
  seed,
  threads,
  wholeNumber,
} from "./shared-fields.ts";
import { isReference, isTask, type Reference } from "./task-registry.ts";

const task = z.custom<Task | TaskSource | Reference>(
  (value) => isTask(value) || isTaskSource(value) || isReference(value),
  'expected a Task value, or { "name": …, ...options } naming one',
);

const endpoint = z
  .strictObject({
    url: z.string().min(1).describe("The address of an OpenAI-compatible server, up to /v1."),
    model: z.string().min(1),
    apiKeyVariable: z.string().optional().describe("The environment variable that holds the key."),
    concurrency: positiveInteger.default(8).describe("Requests open at once."),
  })
  .describe("Sampled in place of a folder.");

const sampling = z.strictObject({
  questions: wholeNumber.default(0).describe("The first so many training questions; 0: all."),
  samplesPerQuestion: positiveInteger.default(4), // "multiple": the paper does not say how many
  temperature: z.number().nonnegative().default(1), // DeepSeek-R1, B.3.2: cold start at 1
  topP: fraction.gt(0).default(1),
  maxNewTokens: positiveInteger.default(32_768),
  questionsPerBatch: positiveInteger
    .default(32)
    .describe("Questions sampled together; what is sampled is on disk after each batch."),
});

const keep = z
  .strictObject({
    perQuestion: wholeNumber
      .default(1)
      .describe("At most so many of a question's good samples, in their order; 0: all."),
    languageShare: fraction
      .default(0.9)
      .describe(
        "Least share of the thought's words in the language that the question's column `language` names.",
      ),
    paragraphWords: positiveInteger.default(300),
    codeBlocks: wholeNumber.default(0),
    repeatedRuns: fraction
      .default(0.2)
      .describe("Most of the thought's eight-word runs that occurred before."),
    compressionRatio: z.number().positive().default(5),
    format: z
      .enum(["think-answer", "think-summary", "any"])
      .default("any")
      .describe("The shape a sample must have before it is rewritten."),
  })
  .prefault({});

/** Rows that are mixed in: non-reasoning data, short answers to trivial prompts. */
export interface MixedRows {
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, JsonValue>>[];
}

const mixIn = z.strictObject({
  domain: z.string().min(1).describe("The row of the dataset's card they are counted under."),
  data: z.union([
    z.string().min(1),
    z.custom<MixedRows>(
      (value) => typeof value === "object" && value !== null && Array.isArray(Reflect.get(value, "rows")),
      "expected a path, or { name, rows } with `prompt` and `completion`",
    ),
  ]),
  most: wholeNumber.default(0).describe("The first so many rows; 0: all."),
});

const decontaminate = z
  .strictObject({
    words: positiveInteger.default(10), // DeepSeek-R1, B.3: any 10-gram
    heldOut: z.boolean().default(true).describe("Against the task's own held-out questions."),
    against: z.array(z.string().min(1)).default([]).describe("Files or folders of evaluation sets."),
  })
  .prefault({});

const balance = z
  .strictObject({
    mostPerDomain: wholeNumber.default(0).describe("Samples kept of each domain, drawn by the seed; 0: all."),
  })
  .prefault({});

export const curationSchema = z
  .strictObject({
    $schema: z.string().optional(),
    stage: z
      .enum(["cold-start", "reject"])
      .describe("cold-start: R1's first data, rewritten (§3.1); reject: rejection sampling (§3.3)."),
    name,
    seed,
    threads,
    model: z.strictObject({ path: z.string().min(1), dtype, device }).optional(),
    endpoint: endpoint.optional(),
    tokenizer: z
      .string()
      .optional()
      .describe("A folder whose tokenizer counts tokens; default: the model's."),
    task,
    verifier: z
      .string()
      .default("accuracy")
      .describe("The task's reward that tells right from wrong: 1 (or the outcome `correct`) is right."),
    sampling,
    keep,
    judge: z
      .custom<AnswerJudge>(isAnswerJudge, "expected a judge, such as endpointJudge({ … })")
      .optional()
      .describe("Asked where the verifier does not apply or cannot read the answer."),
    rewriter: z
      .custom<Rewriter>(isRewriter, "expected a rewriter, such as endpointRewriter({ … })")
      .optional(),
    recheck: z
      .custom<Reward>(
        (value) =>
          typeof value === "object" && value !== null && typeof Reflect.get(value, "judge") === "function",
        "expected a reward that reads the rewritten form",
      )
      .optional()
      .describe("Must find the rewritten completion right (1, or the outcome `correct`) as well."),
    domain: z
      .custom<(question: Question) => string>((value) => typeof value === "function", "expected a function")
      .optional()
      .describe("A question's domain; default: its column `kind`, else the task's name."),
    mixIn: z.array(mixIn).default([]),
    decontaminate,
    balance,
    output: z.string().min(1).describe("The folder of the dataset: train.jsonl and its card."),
  })
  .superRefine((recipe, context) => {
    const fault = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    if ((recipe.model === undefined) === (recipe.endpoint === undefined)) {
      fault(["model"], "expected a model to sample, and one only: model { path } or endpoint { url, model }");
    }
    if (recipe.endpoint !== undefined && recipe.tokenizer === undefined) {
      fault(
        ["tokenizer"],
        "name a folder with tokenizer.json: the card counts tokens, and an endpoint has none here",
      );
    }
    if (recipe.stage === "cold-start" && recipe.rewriter === undefined) {
      fault(
        ["rewriter"],
        "a cold start rewrites what it keeps; give worldRewriter(), endpointRewriter({ … }) or your own",
      );
    }
  });

export type CurationRecipeInput = z.input<typeof curationSchema>;
export type CurationRecipe = z.output<typeof curationSchema>;
