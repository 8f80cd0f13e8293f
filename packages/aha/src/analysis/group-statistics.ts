/** What the completions of one question say together: its pass rate, and what a vote would have answered. */
import { majorityOf } from "../evaluation/majority.ts";
import type { CompletionFacts } from "./completion-facts.ts";

export interface GroupStatistics {
  readonly question: string;
  readonly level: string | null;
  /** pass@1: the share of right completions; null where none was judged. */
  readonly passRate: number | null;
  /** Whether the answer of most is right, 0 … 1. */
  readonly majority: number;
  readonly samples: number;
  /** Mean of one completion. */
  readonly tokens: number;
  readonly thinkingTokens: number;
  /** Mean share of the thinking after the first right conclusion; null where no completion had one. */
  readonly afterConclusion: number | null;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const plain = (answer: string): string => answer.replaceAll(/\s+/g, "").toLowerCase();

/** Answers vote by their text without spaces; completions without an answer have no vote. */
export async function groupStatistics(facts: readonly CompletionFacts[]): Promise<GroupStatistics> {
  const judged = facts.flatMap(({ correct }) => correct ?? []);
  const votes = facts.map(({ answer, correct }) => ({
    answer: answer === null ? null : plain(answer),
    value: correct ?? 0,
  }));
  const overthinking = facts.flatMap(({ afterConclusion }) => afterConclusion ?? []);
  const majority = await majorityOf(votes, (first, second) => first === second);
  return {
    question: facts[0]?.question ?? "",
    level: facts[0]?.level ?? null,
    passRate: judged.length === 0 ? null : mean(judged),
    majority: majority.value,
    samples: facts.length,
    tokens: mean(facts.map(({ tokens }) => tokens)),
    thinkingTokens: mean(facts.map((fact) => fact.thinkingTokens)),
    afterConclusion: overthinking.length === 0 ? null : mean(overthinking),
  };
}
