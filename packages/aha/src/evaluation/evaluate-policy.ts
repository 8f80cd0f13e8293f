/** Measures a policy on a task's held-out questions: the same function before, during and after training. */
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { rolloutRecords } from "../rollout/rollout-records.ts";
import type { EvaluationSummary, RolloutRecord } from "../run/run-records.ts";
import type { Task } from "../tasks/task.ts";
import { scoredRollout } from "../training/scored-rollout.ts";
import { summariseGroups } from "./summarise-groups.ts";

export interface EvaluationOptions {
  /** The first so many of the held-out questions; all there are where there are fewer. */
  readonly questions: number;
  readonly samplesPerQuestion: number;
  readonly temperature: number; // 0 is greedy
  readonly topP: number; // 1: off
  readonly topK?: number; // 0 or left out: off
  readonly minP?: number; // 0 or left out: off
  readonly speculative?: boolean; // left out: off
  readonly maxNewTokens: number;
  readonly eosTokenIds: ReadonlySet<number>;
  /** Completions decoded at once; the result does not depend on it but for rounding. */
  readonly capacity: number;
  /** A completion's seed derives from these, its question's id and its sample's number. */
  readonly runSeed: number;
  readonly step: number;
}

export interface Evaluation {
  readonly summary: EvaluationSummary;
  /** Further figures, among them `accuracy_low` and `accuracy_high`, the 95 % interval over questions. */
  readonly extra: Record<string, number>;
  readonly records: RolloutRecord[]; // by question, then by sample
}

/** Raised where there is nothing to evaluate on. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
}

/** Samples all questions in one rollout; each completion is judged while the others are still being sampled. */
export async function evaluatePolicy(
  model: LanguageModel,
  tokenizer: Tokenizer,
  task: Task,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const questions = task.heldOut.slice(0, options.questions);
  if (questions.length === 0) {
    const reason =
      task.heldOut.length === 0 ? "the task has no held-out questions" : "0 questions were asked for";
    throw new EvaluationError(
      `task "${task.name}": expected at least one held-out question to evaluate on, but ${reason}`,
    );
  }
  const sampled = await scoredRollout(
    model,
    tokenizer,
    questions,
    {
      ...options,
      topK: options.topK ?? 0,
      minP: options.minP ?? 0,
      groupSize: options.samplesPerQuestion,
    },
    task.rewards,
  );
  const groups = await sampled.groups();
  const { summary, extra } = summariseGroups(
    groups,
    task.rewards.map(({ name }) => name),
  );
  return {
    summary,
    extra: {
      ...extra,
      questions: questions.length,
      "time/rollout": sampled.seconds,
      generated_tokens: sampled.generatedTokens,
      ...(sampled.draftAcceptance === null ? {} : { draft_acceptance: sampled.draftAcceptance }),
    },
    records: groups.flatMap((group) => rolloutRecords(group, options.step, tokenizer, null)),
  };
}
