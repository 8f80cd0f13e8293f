/** The part of a completion that answers: behind the thinking, and within `<answer>` where the form asks for one. */
import { findAnswers } from "@aha/verify";
import { formatOf, type PromptOptions } from "./prompt-forms.ts";

/**
 * The text that is judged, or null where there is none: the thinking never ended, or the form asks for an `<answer>`
 * and none was closed outside the thinking. Linear in the text.
 */
export function answerPart(completion: string, options: PromptOptions): string | null {
  if (formatOf(options) === "think-answer") {
    const answers = [...new Set(findAnswers(completion, options).map((answer) => answer.trim()))];
    if (answers.length < 2) return answers[0] ?? null;
    // All of them: which of several that disagree counts is the verifier's to say, not luck's.
    return answers.map((answer) => `<answer>${answer}</answer>`).join("\n");
  }
  const closed = completion.lastIndexOf("</think>");
  const opened = completion.lastIndexOf("<think>");
  if (opened > closed) return null;
  if (closed >= 0) return completion.slice(closed + "</think>".length);
  return options.promptOpensThinking ? null : completion;
}
