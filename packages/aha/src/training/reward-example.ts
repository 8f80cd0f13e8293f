/** What a reward model learns from: a pair of responses to a prompt, or one response with a label. */
import type { PreferenceExample, TextOrMessages, UnpairedExample } from "../data/examples.ts";
import type { ChatMessage } from "../folder/chat-template.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import { opensThinking, type PromptText, rewardTokens, type ScoredPart, summaryOf } from "./reward-text.ts";

/** A response as the model reads it. */
export interface ScoredSequence {
  readonly tokenIds: readonly number[]; // prompt and scored text
  /** Characters of the scored text: what the length-only baseline goes by. */
  readonly characters: number;
}

interface Common {
  /** Names the prompt: examples with the same one stay on the same side of the split. */
  readonly prompt: string;
  /** Which data it is from. */
  readonly set: string;
}

export interface PairExample extends Common {
  readonly kind: "pair";
  readonly chosen: ScoredSequence;
  readonly rejected: ScoredSequence;
}

export interface LabelledExample extends Common {
  readonly kind: "labelled";
  readonly response: ScoredSequence;
  readonly label: boolean;
}

export type RewardExample = PairExample | LabelledExample;

export const sequencesOf = (example: RewardExample): readonly ScoredSequence[] =>
  example.kind === "pair" ? [example.chosen, example.rejected] : [example.response];

/** A prompt with one response to it. */
export interface Exchange {
  readonly prompt: PromptText;
  readonly response: string;
}

/** A row that cannot be split into a prompt and responses. */
export class RewardExampleError extends Error {
  override readonly name = "RewardExampleError";
}

/** The two exchanges of a preference; a prompt that is part of both texts is what they begin with alike. */
export function exchangesOf({ prompt, chosen, rejected }: PreferenceExample): [Exchange, Exchange] {
  if (typeof chosen === "string" && typeof rejected === "string") {
    const own = typeof prompt === "string" ? prompt : sharedText(chosen, rejected);
    const skip = prompt === null ? own.length : 0;
    return [
      { prompt: own, response: chosen.slice(skip) },
      { prompt: own, response: rejected.slice(skip) },
    ];
  }
  const before = (prompt ?? []) as readonly ChatMessage[];
  return [exchangeOf(before, chosen), exchangeOf(before, rejected)];
}

/** The exchange of a conversation (its last turn is the response), or of texts. */
export function exchangeOf(prompt: TextOrMessages, completion: TextOrMessages): Exchange {
  if (typeof prompt === "string" && typeof completion === "string") return { prompt, response: completion };
  const turns = [...(prompt as readonly ChatMessage[]), ...(completion as readonly ChatMessage[])];
  const last = turns.at(-1);
  if (last?.role !== "assistant" || last.content === null) {
    throw new RewardExampleError(
      `expected a conversation that ends with the assistant's text, got ${last === undefined ? "no turns" : `a last turn of "${last.role}"`}`,
    );
  }
  return { prompt: turns.slice(0, -1), response: last.content };
}

/** What both texts begin with, up to the end of a word. */
function sharedText(first: string, second: string): string {
  let shared = 0;
  while (shared < first.length && first[shared] === second[shared]) shared++;
  const start = first.slice(0, shared);
  const blank = Math.max(start.lastIndexOf(" "), start.lastIndexOf("\n"));
  return start.slice(0, blank + 1);
}

/** What is scored of an exchange; null where its summary is wanted and the thinking never ends. */
export function scoredSequence(
  tokenizer: Tokenizer,
  { prompt, response }: Exchange,
  part: ScoredPart,
): ScoredSequence | null {
  const text = part === "summary" ? summaryOf(response, opensThinking(prompt)) : response;
  if (text === null) return null;
  return { tokenIds: rewardTokens(tokenizer, prompt, text, part), characters: text.length };
}

const nameOf = (prompt: PromptText): string => (typeof prompt === "string" ? prompt : JSON.stringify(prompt));

/** A preference as a pair; null where a response has no summary. */
export function pairExample(
  example: PreferenceExample,
  tokenizer: Tokenizer,
  part: ScoredPart,
  set: string,
): PairExample | null {
  const [better, worse] = exchangesOf(example);
  const chosen = scoredSequence(tokenizer, better, part);
  const rejected = scoredSequence(tokenizer, worse, part);
  if (chosen === null || rejected === null) return null;
  return { kind: "pair", prompt: nameOf(better.prompt), set, chosen, rejected };
}

/** Labelled responses: of an unpaired row its own, of a preference one good and one bad. */
export function labelledExamples(
  example: PreferenceExample | UnpairedExample,
  tokenizer: Tokenizer,
  part: ScoredPart,
  set: string,
): LabelledExample[] {
  const labelled: readonly (readonly [Exchange, boolean])[] =
    example.kind === "unpaired"
      ? [[exchangeOf(example.prompt, example.completion), example.label]]
      : exchangesOf(example).map((exchange, index) => [exchange, index === 0] as const);
  return labelled.flatMap(([exchange, label]) => {
    const response = scoredSequence(tokenizer, exchange, part);
    return response === null
      ? []
      : [{ kind: "labelled", prompt: nameOf(exchange.prompt), set, response, label }];
  });
}
