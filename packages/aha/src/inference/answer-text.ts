/** The text of one completion as its tokens arrive: decoded, split into reasoning and answer, ended by stop texts and budgets. */
import type { Tokenizer } from "../folder/tokenizer.ts";
import { CLOSING, createReasoningSplitter, OPENING, type ReasoningSplitter } from "./reasoning-splitter.ts";
import type { SequenceRequest } from "./sequence-request.ts";
import { createStopFilter, type StopFilter } from "./stop-strings.ts";

export interface AnswerPiece {
  readonly reasoning: string;
  readonly text: string;
  /** Whether the token belongs to the reasoning, its tags included. */
  readonly inReasoning: boolean;
  readonly stopped: boolean;
}

/** Tokens before the budget's end from which on a finished sentence ends the reasoning: an eighth of it, at most 64. */
const graceOf = (budget: number): number => Math.min(64, Math.floor(budget / 8));
const ENDS_A_SENTENCE = /[.!?。！？…\n]["'”’)\]]*\s*$/;

export class AnswerText {
  readonly #tokenizer: Tokenizer;
  readonly #stream: ReturnType<Tokenizer["decodeStream"]>;
  readonly #stops: StopFilter;
  readonly #splitter: ReasoningSplitter | null;
  readonly #budget: number | null;
  #reasoningTokens = 0;
  #lastText = "";
  #closed = false;

  constructor(tokenizer: Tokenizer, request: Pick<SequenceRequest, "stops" | "reasoning">) {
    const { stops, reasoning } = request;
    this.#tokenizer = tokenizer;
    this.#stream = tokenizer.decodeStream();
    this.#stops = createStopFilter(stops);
    this.#splitter = reasoning === null ? null : createReasoningSplitter(reasoning.open);
    this.#budget = reasoning?.budget ?? null;
  }

  /** Takes one token; one that ends the sequence is not to be given. */
  push(tokenId: number): AnswerPiece {
    const before = this.#splitter?.state;
    const decoded = this.#tagOf(tokenId) ?? this.#stream.push(tokenId);
    this.#lastText = (this.#lastText + decoded).slice(-16);
    const { text, stopped } = this.#stops.push(decoded);
    const split = this.#splitter?.push(text) ?? { reasoning: "", text };
    const inReasoning = before === "inside" || this.#splitter?.state === "inside";
    if (inReasoning) this.#reasoningTokens++;
    return { ...split, inReasoning, stopped };
  }

  /** Some models' tags are special tokens, which decoding leaves out. */
  #tagOf(tokenId: number): string | null {
    if (this.#splitter === null || !this.#tokenizer.specialTokenIds.has(tokenId)) return null;
    const token = this.#tokenizer.idToToken(tokenId);
    return token === OPENING || token === CLOSING ? token : null;
  }

  /** What was held back. */
  end(): Pick<AnswerPiece, "reasoning" | "text"> {
    const rest = this.#stream.end();
    const { text, stopped } = this.#stops.push(rest);
    const certain = stopped ? text : text + this.#stops.end();
    if (this.#splitter === null) return { reasoning: "", text: certain };
    const [pushed, ended] = [this.#splitter.push(certain), this.#splitter.end()];
    return { reasoning: pushed.reasoning + ended.reasoning, text: pushed.text + ended.text };
  }

  /**
   * The tokens that close the reasoning, once its budget is used up; empty before, and ever after. Shortly before the end a
   * finished sentence or line is taken as a good place.
   */
  closing(): readonly number[] {
    if (this.#budget === null || this.#closed || this.#splitter?.state !== "inside") return [];
    const left = this.#budget - this.#reasoningTokens;
    if (left > 0 && !(left <= graceOf(this.#budget) && ENDS_A_SENTENCE.test(this.#lastText))) return [];
    this.#closed = true;
    const newline = this.#lastText === "" || this.#lastText.endsWith("\n") ? "" : "\n";
    return this.#tokenizer.encode(`${newline}${CLOSING}\n\n`, { addSpecialTokens: false });
  }
}
