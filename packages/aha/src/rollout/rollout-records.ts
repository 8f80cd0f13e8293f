/** Turns scored groups into the records that are written to disk. */
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { RolloutRecord } from "../run/run-records.ts";
import type { Question } from "../tasks/task.ts";
import type { ScoredGroup } from "./records.ts";

/** How hard a question says it is: its `level` or `difficulty`, or how many numbers it gives; null where it says nothing. */
function levelOf({ columns }: Question): string | null {
  const stated = columns.level ?? columns.difficulty;
  if (typeof stated === "string" || typeof stated === "number") return String(stated);
  return Array.isArray(columns.nums) ? `${columns.nums.length} numbers` : null;
}

/**
 * One record a completion, in the order of the samples. `advantages` are the group's, null in evaluations. A
 * conversation's prompt is shown as the text that its token ids stand for.
 */
export function rolloutRecords(
  group: ScoredGroup,
  step: number,
  tokenizer: Tokenizer,
  advantages: readonly number[] | null,
): RolloutRecord[] {
  const { question, promptTokenIds } = group;
  const prompt =
    typeof question.prompt === "string"
      ? question.prompt
      : tokenizer.decode(promptTokenIds, { skipSpecialTokens: false });
  const level = levelOf(question);
  return group.completions.map(({ completion, reward, breakdown }, index) => ({
    step,
    question: question.id,
    ...(level === null ? {} : { level }),
    sample: completion.sample,
    prompt,
    completion: completion.text,
    finish: completion.finish,
    promptTokenIds,
    tokenIds: completion.tokenIds,
    logProbabilities: completion.logProbabilities,
    reward,
    breakdown,
    advantage: advantages?.[index] ?? null,
  }));
}
