/** The immutable records that pass between rollout, rewards, advantage and loss. */
import type { Judgement, Question } from "../tasks/task.ts";

/** One sampled answer to a question. */
export interface Completion {
  /** Index of the sample within its group, 0 … groupSize − 1. */
  readonly sample: number;
  readonly tokenIds: readonly number[]; // [completionLength], the end-of-sequence id included where one was sampled
  readonly logProbabilities: Float32Array; // [completionLength], under the distribution that was sampled
  readonly text: string; // decoded, special tokens left out
  /** `stop`: an end-of-sequence id was sampled; `length`: cut off by the token limit. */
  readonly finish: "stop" | "length";
}

/** A question with the group of completions sampled for it. */
export interface Group {
  readonly question: Question;
  readonly promptTokenIds: readonly number[]; // [promptLength]
  readonly completions: readonly Completion[]; // [groupSize]
}

/** A completion's reward with its breakdown by reward name. */
export interface ScoredCompletion {
  readonly completion: Completion;
  readonly reward: number; // the weighted sum over rewards that apply
  readonly breakdown: Readonly<Record<string, Judgement>>;
}

/** A group whose completions have been judged. */
export interface ScoredGroup {
  readonly question: Question;
  readonly promptTokenIds: readonly number[];
  readonly completions: readonly ScoredCompletion[]; // [groupSize]
}
