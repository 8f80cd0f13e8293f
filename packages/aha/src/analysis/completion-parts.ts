/** A completion's thinking and its answer, and how many tokens each took. */
import { findAnswers } from "@aha/verify";

export interface CompletionParts {
  /** Between `<think>` and `</think>`; all of it where it was cut off before the end; empty where nothing was thought. */
  readonly thinking: string;
  /** What comes after the thinking. */
  readonly rest: string;
  /** The last `<answer>`'s text, else the last `\boxed{…}`'s; null where there is neither. */
  readonly answer: string | null;
}

function lastBoxed(text: string): string | null {
  const start = text.lastIndexOf("\\boxed{");
  if (start < 0) return null;
  const from = start + "\\boxed{".length;
  let depth = 1;
  for (let place = from; place < text.length; place++) {
    if (text[place] === "{") depth++;
    if (text[place] === "}" && --depth === 0) return text.slice(from, place);
  }
  return null;
}

/** Splits a completion; a prompt that ends in `<think>` has opened the thinking for it. */
export function completionParts(completion: string, prompt: string): CompletionParts {
  const opened = /<think>\s*$/.test(prompt);
  const open = completion.indexOf("<think>");
  const start = opened ? 0 : open < 0 ? -1 : open + "<think>".length;
  const close = completion.indexOf("</think>");
  const [thinking, rest] =
    start < 0
      ? ["", completion]
      : close < start
        ? [completion.slice(start), ""]
        : [completion.slice(start, close), completion.slice(close + "</think>".length)];
  const [last] = findAnswers(completion, { promptOpensThinking: opened }).slice(-1);
  return { thinking, rest, answer: last?.trim() ?? lastBoxed(rest) };
}

/** Tokens of the thinking, by its share of the text: text and tokens are nearly proportional within one completion. */
export function thinkingTokens(parts: CompletionParts, completion: string, tokens: number): number {
  return completion.length === 0 ? 0 : (tokens * parts.thinking.length) / completion.length;
}
