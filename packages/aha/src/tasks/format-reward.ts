/** R1-Zero's format reward: 1 for exactly one `<think>…</think>` followed by one `<answer>…</answer>`, else 0. */
import { isWellFormed, type ThinkingOptions } from "./tagged-answer.ts";
import type { Reward } from "./task.ts";

/**
 * (R1 paper, §2: accuracy and format rewards, same weight.) The rule is the strict one: no tag twice, nothing
 * outside the two elements, neither of them blank.
 */
export function formatReward(options: ThinkingOptions & { readonly weight?: number } = {}): Reward {
  return {
    name: "format",
    weight: options.weight ?? 1,
    judge: ({ completion }) =>
      isWellFormed(completion, options)
        ? { value: 1 }
        : { value: 0, detail: "not exactly one <think>…</think> followed by one <answer>…</answer>" },
  };
}
