/** What an evaluation found, as it is written to `results.json`: one record a benchmark, shares in 0 … 1. */
import type { Figure, JsonValue, Outcome } from "../tasks/task.ts";

/** A mean over questions with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface TokenCounts {
  /** Null: the server does not tell. */
  readonly mean: number | null;
  readonly median: number | null;
  readonly most: number | null;
  /** Mean over the samples that thought. */
  readonly reasoningMean: number | null;
  /** Share of samples of which a turn was cut off by the token limit. */
  readonly truncated: number;
}

export interface SliceResult extends Estimate {
  readonly questions: number;
}

export interface BenchmarkResult {
  readonly title: string;
  readonly task: string;
  readonly options: Readonly<Record<string, JsonValue>>;
  /** How its headline is called, such as pass@1. */
  readonly headline: string;
  /** The reward that the headline is the mean of. */
  readonly reward: string;
  readonly score: Estimate;
  /** Questions asked, of how many there are. */
  readonly questions: number;
  readonly questionsInAll: number;
  readonly samplesPerQuestion: number;
  /** Completions with a verdict, and those without one: their requests or judges failed. */
  readonly scored: number;
  readonly failed: number;
  /** The first of the failures. */
  readonly failure: string | null;
  /** Unbiased, by k; only where several samples were drawn and a verdict is right or wrong. */
  readonly passAtK: Readonly<Record<string, number>>;
  readonly majority: (Estimate & { readonly samples: number; readonly tiedQuestions: number }) | null;
  readonly figures: readonly Figure[];
  /** Means of every reward, where they apply. */
  readonly rewards: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>; // shares of the headline's verdicts
  readonly tokens: TokenCounts;
  readonly slices: Readonly<Record<string, Readonly<Record<string, SliceResult>>>>;
  readonly reflection: Readonly<Record<string, number>>; // occurrences a completion
  /** Rows of published results that it can be put beside. */
  readonly published: readonly string[];
  readonly notes: readonly string[];
  /** Of this run alone: what came from disk took none. */
  readonly seconds: number;
}

/** How completions were drawn. */
export interface EvaluationSettings {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly maxNewTokens: number;
  readonly seed: number;
}

export interface EvaluationResults {
  readonly version: 1;
  /** The model's name in tables. */
  readonly model: string;
  /** The folder or the address. */
  readonly source: string;
  readonly identity: Readonly<Record<string, unknown>>;
  readonly settings: EvaluationSettings;
  readonly benchmarks: readonly BenchmarkResult[];
  /** ISO 8601. */
  readonly finishedAt: string;
}
