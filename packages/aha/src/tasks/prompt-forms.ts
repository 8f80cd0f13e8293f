/** How a question is put to a model: R1-Zero's template for base models, a chat turn, or the bare text. */
import type { FormatOptions } from "@aha/verify";
import { z } from "zod";
import { formatReward } from "./format-reward.ts";
import type { Question, Reward } from "./task.ts";

/**
 * `r1-zero`: the conversation of R1-Zero's template, as text, for base models (R1 paper, §2); `chat`: a user's turn
 * for the model's own chat template; `plain`: the question alone, for base models that continue text.
 */
export type PromptForm = "r1-zero" | "chat" | "plain";

/** Options that every task with a choice of prompt has; spread into its schema. */
export const promptOptions = {
  prompt: z
    .enum(["r1-zero", "chat", "plain"])
    .default("r1-zero")
    .describe("r1-zero: R1-Zero's template; chat: the model's chat template; plain: the question alone."),
  format: z
    .enum(["think-answer", "think-summary", "none"])
    .optional()
    .describe(
      "The form the format reward asks for; by default think-answer with r1-zero, none with the others.",
    ),
  promptOpensThinking: z
    .boolean()
    .default(false)
    .describe("The prompt (or the chat template) already ends in <think>."),
};

export interface PromptOptions {
  readonly prompt: PromptForm;
  readonly format?: "think-answer" | "think-summary" | "none" | undefined;
  readonly promptOpensThinking: boolean;
}

/** The prompt for `question`, which ends in what is asked of the answer. */
export function promptOf(question: string, options: PromptOptions): Question["prompt"] {
  if (options.prompt === "chat") return [{ role: "user", content: question }];
  const text =
    options.prompt === "plain"
      ? `${question}\n`
      : "A conversation between User and Assistant. The User asks a question, and the Assistant solves it. " +
        "The Assistant first thinks about the reasoning process and then gives the User the answer. The " +
        "reasoning is enclosed in <think> </think> and the answer in <answer> </answer>, that is, " +
        "<think> reasoning process here </think> <answer> answer here </answer>.\n" +
        `User: ${question}\nAssistant:`;
  return options.promptOpensThinking ? `${text} <think>\n` : text;
}

/** The format that is asked for: given, or what the prompt's form implies. */
export function formatOf({ prompt, format }: PromptOptions): "think-answer" | "think-summary" | "none" {
  return format ?? (prompt === "r1-zero" ? "think-answer" : "none");
}

/** An answer as a completion of the form that is asked for, as a model would write it behind the prompt. */
export function completionWith(answer: string, options: PromptOptions): string {
  const form = formatOf(options);
  const thought = `${options.promptOpensThinking ? "" : "<think>"}\nLet me think.\n</think>`;
  if (form === "think-answer") return `${thought}\n<answer>${answer}</answer>`;
  return form === "think-summary" || options.promptOpensThinking ? `${thought}\n${answer}` : answer;
}

/** The format reward of weight 1 (R1 paper, §2: the same weight as accuracy's), or none. */
export function formatRewards(options: PromptOptions): Reward[] {
  const form = formatOf(options);
  if (form === "none") return [];
  const format: FormatOptions = { form, promptOpensThinking: options.promptOpensThinking };
  return [formatReward(format)];
}
