/** Pretraining text for the miniature base model: Countdown questions with traces that try, and mostly give up. */
import { type Computation, drawComputation, type Step } from "./countdown-computation.ts";
import {
  type CountdownProblem,
  type CountdownQuestionOptions,
  countdownProblems,
  countdownPrompt,
} from "./countdown-questions.ts";
import { createRandom, type Random } from "./random.ts";

/**
 * What the base model gets to see, and how often. These proportions are the experiment's premise: the model
 * has met "wait" and long searches, but seldom; only reinforcement can make them its habit.
 */
export interface CountdownCorpusOptions extends CountdownQuestionOptions {
  /** Share of documents that answer at once, without `<think>`, with an expression nobody checked. */
  readonly withoutThinking?: number;
  /** Of the thinking documents: the share that gives up after one failed try. */
  readonly oneTry?: number;
  /** Of the thinking documents: the share that gives up after two or three failed tries. */
  readonly fewTries?: number;
  /** The rest goes on until it succeeds, or until this many tries have failed. */
  readonly longestSearch?: number;
  /** How often a try is the better (nearer to the target) of two draws instead of a plain draw. */
  readonly nearer?: number;
  /** Share of steps whose stated result is off by one to three. */
  readonly arithmeticErrors?: number;
  /** No intermediate result exceeds this (or the sum of the numbers, where that is larger). */
  readonly largestResult?: number;
}

export const countdownCorpusDefaults = {
  withoutThinking: 0.1,
  oneTry: 0.84,
  fewTries: 0.08,
  longestSearch: 20,
  nearer: 0,
  arithmeticErrors: 0.002,
  largestResult: 100,
} as const satisfies CountdownCorpusOptions;

/** One document; `prompt + completion` and then the end-of-sequence token is what the model reads. */
export interface CountdownDocument {
  readonly problem: CountdownProblem;
  readonly prompt: string;
  /** Begins with a space; the end token is not part of it. */
  readonly completion: string;
  /** Tries written down: 0 where the document does not think. */
  readonly tries: number;
}

type CorpusSettings = Required<Omit<CountdownCorpusOptions, keyof CountdownQuestionOptions>>;

/** An endless stream of documents on training-side problems; the same seed gives the same stream. */
export function* countdownCorpus(
  seed: number,
  options: CountdownCorpusOptions = {},
): Generator<CountdownDocument, never> {
  const settings: CorpusSettings = { ...countdownCorpusDefaults, ...options };
  const random = createRandom("countdown-corpus", seed);
  for (const problem of countdownProblems("train", seed, options)) {
    yield writeDocument(random, problem, settings);
  }
  throw new Error("countdownCorpus: expected an endless stream of problems, but it ended.");
}

function writeDocument(
  random: Random,
  problem: CountdownProblem,
  settings: CorpusSettings,
): CountdownDocument {
  const prompt = countdownPrompt(problem, "terse");
  const proposals = proposer(random, problem, settings);
  if (random.next() < settings.withoutThinking) {
    return { problem, prompt, completion: answer(proposals().expression), tries: 0 };
  }
  const patience = drawPatience(random, settings);
  const tries: string[] = [];
  for (;;) {
    const computation = proposals();
    const written = writeSteps(random, computation.steps, settings.arithmeticErrors);
    tries.push(written.text);
    // The trace believes its own arithmetic: a slip can hide a solution or invent one.
    const succeeded = written.result === problem.target;
    if (succeeded || tries.length >= patience) {
      const thinking = ` <think> ${tries.join(" wait ")}${succeeded ? " yes" : ""} </think>`;
      return { problem, prompt, completion: thinking + answer(computation.expression), tries: tries.length };
    }
  }
}

function answer(expression: string): string {
  return ` <answer> ${expression} </answer>`;
}

/** How many failed tries the writer of this document can bear. */
function drawPatience(random: Random, settings: CorpusSettings): number {
  const draw = random.next();
  if (draw < settings.oneTry) return 1;
  if (draw < settings.oneTry + settings.fewTries) return 2 + random.below(2);
  return settings.longestSearch;
}

/** Proposes computations for one problem, avoiding results already reached while others can still be found. */
function proposer(random: Random, problem: CountdownProblem, settings: CorpusSettings): () => Computation {
  const limit = Math.max(
    settings.largestResult,
    problem.nums.reduce((sum, value) => sum + value, 0),
  );
  const seen = new Set<number>();
  const drawNew = (): Computation => {
    let computation = drawComputation(random, problem.nums, limit);
    for (let redraw = 0; redraw < 50 && seen.has(computation.value); redraw++) {
      computation = drawComputation(random, problem.nums, limit);
    }
    return computation;
  };
  const distance = (computation: Computation): number => Math.abs(computation.value - problem.target);
  return () => {
    let chosen = drawNew();
    if (random.next() < settings.nearer) {
      const other = drawNew();
      if (distance(other) < distance(chosen)) chosen = other;
    }
    seen.add(chosen.value);
    return chosen;
  };
}

/** `3 + 7 = 10, 10 * 12 = 120`; a slip in one step is carried into the next, as a writer's would be. */
function writeSteps(
  random: Random,
  steps: readonly Step[],
  errorRate: number,
): { readonly text: string; readonly result: number } {
  let result = 0;
  const parts = steps.map((step) => {
    result = step.result;
    if (random.next() < errorRate) {
      const slip = 1 + random.below(3);
      result = random.next() < 0.5 && result > slip ? result - slip : result + slip;
    }
    return `${step.left} ${step.operator} ${step.right} = ${result}`;
  });
  return { text: parts.join(", "), result };
}
