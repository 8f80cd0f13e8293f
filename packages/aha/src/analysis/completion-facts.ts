/** What one completion of a run's rollouts says by itself. */

import type { RolloutRecord } from "../run/run-records.ts";
import type { Judgement } from "../tasks/task.ts";
import { completionParts, thinkingTokens } from "./completion-parts.ts";
import { afterFirstConclusion } from "./first-conclusion.ts";

export interface CompletionFacts {
  readonly question: string;
  /** The question's own level, where the data has one. */
  readonly level: string | null;
  /** 1 right, 0 not; null where no reward tells right from wrong. */
  readonly correct: number | null;
  readonly answer: string | null;
  readonly tokens: number;
  readonly thinkingTokens: number;
  readonly cutOff: boolean;
  /** Share of the thinking after its first right conclusion; null where there was none. */
  readonly afterConclusion: number | null;
}

/** The judgement that tells right from wrong: `accuracy`, else the first with an outcome. */
function decisive(breakdown: Readonly<Record<string, Judgement>>): Judgement | null {
  return breakdown.accuracy ?? Object.values(breakdown).find(({ outcome }) => outcome !== undefined) ?? null;
}

export function completionFacts(record: RolloutRecord, levels: ReadonlyMap<string, string>): CompletionFacts {
  const { question, completion, prompt, tokenIds, finish, breakdown } = record;
  const parts = completionParts(completion, prompt);
  const judgement = decisive(breakdown);
  const value = judgement?.value ?? null;
  const correct =
    value === null ? null : (judgement?.outcome ?? (value >= 1 ? "correct" : "")) === "correct" ? 1 : 0;
  return {
    question,
    level: levels.get(question) ?? record.level ?? null,
    correct,
    answer: parts.answer,
    tokens: tokenIds.length,
    thinkingTokens: thinkingTokens(parts, completion, tokenIds.length),
    cutOff: finish === "length",
    afterConclusion:
      correct === 1 && parts.answer !== null ? afterFirstConclusion(parts.thinking, parts.answer) : null,
  };
}
