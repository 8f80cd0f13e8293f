/** R1-Zero's format reward: 1 for exactly one `<think>…</think>` followed by one `<answer>…</answer>`, else 0. */
import { checkFormat, type FormatOptions } from "@aha/verify";
import type { Reward } from "./task.ts";

/**
 * (R1 paper, §2: accuracy and format rewards, same weight.) The rule is the strict one: no tag twice, nothing
 * outside the two elements, neither of them blank. `form` asks for DeepSeek's served form instead.
 */
export function formatReward(options: FormatOptions & { readonly weight?: number } = {}): Reward {
  const { weight = 1, ...format } = options;
  return {
    name: "format",
    weight,
    judge: ({ completion }) => {
      const { ok, problems } = checkFormat(completion, format);
      return ok ? { value: 1 } : { value: 0, detail: problems.map(({ detail }) => detail).join("; ") };
    },
  };
}
