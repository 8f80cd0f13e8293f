/** What a reward model reads of an answer: the prompt with the summary alone, or with the whole response. */
import type { ChatMessage } from "../folder/chat-template.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";

/** `summary`: what stands behind `</think>`; `response`: all of it, the thinking included. */
export type ScoredPart = "summary" | "response";

export type PromptText = string | readonly ChatMessage[];

const CLOSING = "</think>";
const OPEN_AT_END = /<think>\s*$/;

/** Whether the prompt itself opens the thinking, so that an answer without `</think>` is all thinking. */
export function opensThinking(prompt: PromptText): boolean {
  return typeof prompt === "string" && OPEN_AT_END.test(prompt);
}

/** The summary of a response, without the blanks around it; null where the thinking never ends. */
export function summaryOf(response: string, thinkingOpen = false): string | null {
  const closed = response.lastIndexOf(CLOSING);
  if (closed >= 0) return response.slice(closed + CLOSING.length).trim();
  return thinkingOpen || response.includes("<think>") ? null : response.trim();
}

/** Stands for the response while a template is rendered: templates rewrite and strip what looks like thinking. */
const PLACE = "\u0001response\u0001";
const EMPTY_THINKING = /<think>\s*<\/think>\s*$/;

/**
 * Token ids of prompt and scored text. A conversation goes through the chat template, the response in its last turn exactly as
 * it is; text is continued by the response and, where the model has one, its end-of-sequence token.
 */
export function rewardTokens(
  tokenizer: Tokenizer,
  prompt: PromptText,
  text: string,
  part: ScoredPart,
): number[] {
  const encode = (piece: string): number[] => tokenizer.encode(piece, { addSpecialTokens: false });
  if (typeof prompt === "string") {
    const asked = part === "summary" ? prompt.replace(OPEN_AT_END, "") : prompt;
    return [
      ...encode(asked),
      ...encode(text),
      ...(tokenizer.eosTokenId === null ? [] : [tokenizer.eosTokenId]),
    ];
  }
  const rendered = tokenizer.applyChatTemplate([...prompt, { role: "assistant", content: PLACE }]);
  const [before = "", after = ""] = rendered.split(PLACE);
  // Some templates write an empty thinking in front of an answer without any; a whole response brings its own.
  const opened = part === "response" && text.includes(CLOSING) ? before.replace(EMPTY_THINKING, "") : before;
  return encode(opened + text + after);
}

/**
 * The row that is scored: the last token that is not padding, as transformers' …ForSequenceClassification takes it, also where
 * the padding token is the one that ends sequences.
 */
export function scoredRow(tokenIds: readonly number[], padTokenId: number | null): number {
  for (let row = tokenIds.length - 1; row > 0; row--) if (tokenIds[row] !== padTokenId) return row;
  return 0;
}
