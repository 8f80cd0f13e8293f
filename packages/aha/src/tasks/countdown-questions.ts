/** Countdown questions: generated from a seed, or read from rows `{target, nums}`; and how they are asked. */
import { drawComputation } from "./countdown-computation.ts";
import { createRandom, hashString } from "./random.ts";
import type { JsonValue, Question } from "./task.ts";

/** The numbers of one question; order matters only for how it is shown. */
export interface CountdownProblem {
  readonly nums: readonly number[];
  readonly target: number;
}

/**
 * `template`: R1-Zero's conversation, for real base models; `chat`: a user's turn for the model's own chat template;
 * `terse`: the miniature's own few-token form.
 */
export type CountdownPromptForm = "template" | "chat" | "terse";

export interface CountdownQuestionOptions {
  /** How many numbers a question has; default 3. */
  readonly numbers?: number;
  /** Inclusive range of the numbers; default 1 to 13. */
  readonly minimumNumber?: number;
  readonly maximumNumber?: number;
  /** Inclusive range of the targets; default 10 to 60. */
  readonly minimumTarget?: number;
  readonly maximumTarget?: number;
  /** Which share of all possible questions belongs to the held-out side, as 1 in this many; default 10. */
  readonly heldOutOneIn?: number;
}

export const countdownQuestionDefaults: Required<CountdownQuestionOptions> = {
  numbers: 3,
  minimumNumber: 1,
  maximumNumber: 13,
  minimumTarget: 10,
  maximumTarget: 60,
  heldOutOneIn: 10,
};

export type CountdownSplit = "train" | "heldOut";

/** A question set could not be made or read: says what was asked for, what was found, what to do. */
export class CountdownQuestionError extends Error {
  override readonly name = "CountdownQuestionError";
}

/** Two problems are the same when their sorted numbers and their target are. */
export function countdownKey(problem: CountdownProblem): string {
  return `${[...problem.nums].sort((a, b) => a - b).join(",")}=${problem.target}`;
}

/**
 * The side a problem belongs to: a pure function of its sorted numbers and target, so that whatever is
 * generated under whatever seed (training questions, pretraining text) can never meet a held-out question.
 */
export function countdownSplit(problem: CountdownProblem, heldOutOneIn: number): CountdownSplit {
  return hashString(countdownKey(problem)) % heldOutOneIn === 0 ? "heldOut" : "train";
}

/** An endless stream of solvable problems of one side; problems repeat. */
export function* countdownProblems(
  split: CountdownSplit,
  seed: number,
  options: CountdownQuestionOptions = {},
): Generator<CountdownProblem, never> {
  const settings = resolveSettings(options);
  const random = createRandom("countdown-problems", split, seed);
  const span = settings.maximumNumber - settings.minimumNumber + 1;
  const limit = Math.max(
    settings.maximumTarget * settings.maximumNumber,
    settings.numbers * settings.maximumNumber,
  );
  for (let misses = 0; ; misses++) {
    if (misses > 1_000_000) {
      throw new CountdownQuestionError(
        `Expected to find ${split} Countdown problems for ${JSON.stringify(settings)}, but a million draws ` +
          `gave none. Widen the range of numbers or of targets.`,
      );
    }
    const nums = Array.from({ length: settings.numbers }, () => settings.minimumNumber + random.below(span));
    const target = drawComputation(random, nums, limit).value;
    if (target < settings.minimumTarget || target > settings.maximumTarget) continue;
    const problem = { nums, target };
    if (countdownSplit(problem, settings.heldOutOneIn) !== split) continue;
    misses = 0;
    yield problem;
  }
}

/**
 * `count` different problems of one side as questions; each can be solved using every number exactly once.
 * Throws CountdownQuestionError where the ranges do not hold so many.
 */
export function countdownQuestions(
  split: CountdownSplit,
  count: number,
  seed: number,
  options: CountdownQuestionOptions & { readonly prompt?: CountdownPromptForm } = {},
): Question[] {
  const seen = new Set<string>();
  const questions: Question[] = [];
  if (count === 0) return questions;
  let repeats = 0;
  for (const problem of countdownProblems(split, seed, options)) {
    const key = countdownKey(problem);
    if (seen.has(key)) {
      if (++repeats > 100_000) {
        throw new CountdownQuestionError(
          `Expected ${count} different ${split} Countdown questions, but found only ${seen.size}. ` +
            `Ask for fewer, or widen the range of numbers or of targets.`,
        );
      }
      continue;
    }
    repeats = 0;
    seen.add(key);
    questions.push(countdownQuestion(problem, options.prompt ?? "terse"));
    if (questions.length === count) break;
  }
  return questions;
}

/** One problem as a question; its columns are the common dataset's `nums` and `target`. */
export function countdownQuestion(problem: CountdownProblem, form: CountdownPromptForm): Question {
  return {
    id: `countdown:${problem.nums.join("-")}=${problem.target}`,
    prompt: countdownPrompt(problem, form),
    columns: { nums: [...problem.nums], target: problem.target },
  };
}

/**
 * Rows of the common dataset format (`{target, nums}`; other columns are kept) as questions. Repeated rows
 * (same sorted numbers, same target) are dropped. Throws CountdownQuestionError naming the row.
 */
export function readCountdownRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  form: CountdownPromptForm = "template",
): Question[] {
  const questions = new Map<string, Question>();
  for (const [index, row] of rows.entries()) {
    const problem = readCountdownColumns(row, `row ${index}`);
    const key = countdownKey(problem);
    if (!questions.has(key)) questions.set(key, countdownQuestion(problem, form));
  }
  return [...questions.values()];
}

/** The problem in a question's columns; integers may come as numbers or bigints (as Parquet readers give them). */
export function readCountdownColumns(
  columns: Readonly<Record<string, JsonValue | unknown>>,
  place: string,
): CountdownProblem {
  const target = readInteger(columns.target);
  const list = columns.nums;
  const values = Array.isArray(list) ? list : ArrayBuffer.isView(list) ? [...(list as Int32Array)] : [];
  const nums = values.map(readInteger);
  if (target === null || nums.length === 0 || nums.includes(null)) {
    throw new CountdownQuestionError(
      `Expected Countdown columns {target: integer, nums: [integers]} in ${place}, got ` +
        `{target: ${describe(columns.target)}, nums: ${describe(list)}}. Rename or convert the columns.`,
    );
  }
  return { nums: nums as number[], target };
}

function readInteger(value: unknown): number | null {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null;
}

function describe(value: unknown): string {
  return value === undefined
    ? "nothing"
    : Array.isArray(value)
      ? `[${value.map(String).join(", ")}]`
      : String(value);
}

/** The prompt. Texts end at the place where the assistant begins, so that it opens `<think>` itself. */
export function countdownPrompt(problem: CountdownProblem, form: "terse" | "template"): string;
export function countdownPrompt(problem: CountdownProblem, form: CountdownPromptForm): Question["prompt"];
export function countdownPrompt(problem: CountdownProblem, form: CountdownPromptForm): Question["prompt"] {
  const nums = problem.nums.join(", ");
  if (form === "terse") return `User: Make ${problem.target} from ${nums}. Assistant:`;
  if (form === "chat") {
    const content =
      `Using every one of the numbers ${nums} exactly once, with +, -, *, / and brackets, make ${problem.target}. ` +
      "Think in <think> </think>, then give only the expression in <answer> </answer>.";
    return [{ role: "user", content }];
  }
  return (
    "A conversation between User and Assistant. The User asks a question, and the Assistant solves it. " +
    "The Assistant first thinks about the reasoning process and then gives the User the answer. The " +
    "reasoning is enclosed in <think> </think> and the answer in <answer> </answer>, that is, " +
    "<think> reasoning process here </think> <answer> answer here </answer>.\n" +
    `User: Using every one of the numbers [${nums}] exactly once, write an equation that equals ` +
    `${problem.target}. You may use +, -, * and / and brackets. Give only the expression in the answer, ` +
    "for example <answer> (1 + 2) / 3 </answer>.\nAssistant:"
  );
}

/** Every setting, given or default, and nothing else; refuses what no question can fulfil. */
function resolveSettings(options: CountdownQuestionOptions): Required<CountdownQuestionOptions> {
  const defaults = countdownQuestionDefaults;
  const settings = {
    numbers: options.numbers ?? defaults.numbers,
    minimumNumber: options.minimumNumber ?? defaults.minimumNumber,
    maximumNumber: options.maximumNumber ?? defaults.maximumNumber,
    minimumTarget: options.minimumTarget ?? defaults.minimumTarget,
    maximumTarget: options.maximumTarget ?? defaults.maximumTarget,
    heldOutOneIn: options.heldOutOneIn ?? defaults.heldOutOneIn,
  };
  const fine =
    Object.values(settings).every(Number.isSafeInteger) &&
    settings.numbers >= 2 &&
    settings.minimumNumber >= 1 &&
    settings.maximumNumber >= settings.minimumNumber &&
    settings.minimumTarget >= 1 &&
    settings.maximumTarget >= settings.minimumTarget &&
    settings.heldOutOneIn >= 2;
  if (fine) return settings;
  throw new CountdownQuestionError(
    `Expected Countdown settings with at least 2 numbers, ranges of positive integers that are not empty and ` +
      `heldOutOneIn of at least 2, got ${JSON.stringify(settings)}.`,
  );
}
