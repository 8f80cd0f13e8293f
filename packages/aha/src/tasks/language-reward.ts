/** The language reward: how much of the thought is in the language of the question (DeepSeek-R1 §3.2.1, equation 7). */
import { languageConsistency } from "@aha/verify";
import type { Reward } from "./task.ts";

export interface LanguageRewardOptions {
  readonly weight?: number;
  /** The question's column that holds its language (`en`, `zh-CN`), else the language of every question. */
  readonly column?: string;
  readonly language?: string;
  /** True where the prompt already ends in `<think>`. */
  readonly promptOpensThinking?: boolean;
}

/** The thought of a completion; all of an unclosed one, null where none was opened. */
export function thoughtOf(completion: string, promptOpensThinking = false): string | null {
  const opening = promptOpensThinking ? 0 : completion.indexOf("<think>");
  if (opening < 0) return null;
  const start = promptOpensThinking ? 0 : opening + "<think>".length;
  const end = completion.indexOf("</think>", start);
  return completion.slice(start, end < 0 ? undefined : end);
}

/**
 * Target-language words / all words of the thought, 0 … 1, added directly to the other rewards. Ours: 0 where there is no
 * thought or no word in it, null ("does not apply") where the question names no language.
 */
export function languageReward(options: LanguageRewardOptions = {}): Reward {
  const { weight = 1, column = "language", language, promptOpensThinking = false } = options;
  return {
    name: "language",
    weight,
    async judge({ question, completion }) {
      const target = language ?? question.columns[column];
      if (typeof target !== "string") return { value: null };
      const thought = thoughtOf(completion, promptOpensThinking);
      if (thought === null) return { value: 0, detail: "no thought" };
      const { ratio, words } = await languageConsistency(thought, target);
      return { value: ratio, detail: `${(100 * ratio).toFixed(0)} % of ${words} words` };
    },
  };
}
