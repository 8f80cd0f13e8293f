/** The part of a completion that is said to the reader: what comes after the thinking. */
import type { ThinkingOptions } from "./tagged-answer.ts";

/**
 * The text after the last `</think>`, and, where a thought is never closed, the text before it opened. A
 * completion without thinking is returned whole.
 */
export function visibleText(completion: string, options: ThinkingOptions = {}): string {
  const closed = completion.lastIndexOf("</think>");
  if (closed < 0 && options.promptOpensThinking) return "";
  const rest = closed < 0 ? completion : completion.slice(closed + "</think>".length);
  const reopened = rest.indexOf("<think>");
  return reopened < 0 ? rest : rest.slice(0, reopened);
}
