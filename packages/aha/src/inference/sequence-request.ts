/** What the engine is asked for and what it tells: plain records, so that they can cross a process boundary. */

/** How one sequence's tokens are drawn; its neighbours in the batch may have other settings. */
export interface SequenceSampling {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  readonly topP: number; // 1: off
  readonly topK: number; // 0: off
  readonly minP: number; // 0: off
  /** Taken off a token's logit for each time it was generated. */
  readonly frequencyPenalty: number;
  /** Taken off a token's logit once it was generated. */
  readonly presencePenalty: number;
  /** Added to the logits of these tokens. */
  readonly logitBias: readonly (readonly [tokenId: number, bias: number])[];
}

/** How the reasoning in front of an answer is treated. */
export interface ReasoningSettings {
  /** Whether the prompt ends inside of `<think>`. */
  readonly open: boolean;
  /** Tokens of reasoning after which `</think>` is written for the model; null: as many as it likes. */
  readonly budget: number | null;
}

/** One completion of one prompt. */
export interface SequenceRequest {
  /** Unique among the sequences in flight. */
  readonly id: number;
  /** Name of the LoRA adapter in force; null: the base. */
  readonly adapter: string | null;
  readonly promptTokenIds: readonly number[]; // not empty
  readonly seed: bigint;
  readonly sampling: SequenceSampling;
  /** 0 only scores the prompt. */
  readonly maxNewTokens: number;
  /** Ends the completion where one of these texts appears; it is left out. */
  readonly stops: readonly string[];
  /** Goes on behind end-of-sequence tokens. */
  readonly ignoreEndOfSequence: boolean;
  /** How many of the likeliest tokens are reported at each place; null reports no log-probabilities at all. */
  readonly topLogProbabilities: number | null;
  /** Reports those of the prompt's tokens too. */
  readonly scorePrompt: boolean;
  /** Null takes the text as it comes. */
  readonly reasoning: ReasoningSettings | null;
  /** Whether keys and values of an earlier prompt with the same beginning may be taken over. */
  readonly reusePrefix: boolean;
}

/** A token and how likely the model held it: natural logarithms, before temperature, filters and penalties. */
export interface TokenScore {
  readonly tokenId: number;
  /** Null for a prompt's first token, which nothing predicts. */
  readonly logProbability: number | null;
  readonly top: readonly (readonly [tokenId: number, logProbability: number])[]; // most likely first
}

export type FinishReason = "stop" | "length";

/** What became of a sequence in one step. */
export interface SequenceEvent {
  readonly id: number;
  /** The tokens drawn; the end-of-sequence token included. */
  readonly tokenIds: readonly number[];
  /** Text that became certain, of the reasoning and of the answer. */
  readonly reasoning: string;
  readonly text: string;
  /** Whether the tokens belong to the reasoning, its tags included. */
  readonly inReasoning: boolean;
  readonly scores?: readonly TokenScore[]; // of the tokens drawn
  readonly promptScores?: readonly TokenScore[]; // with the first event
  /** With the first event: tokens of the prompt that were not computed again. */
  readonly reusedTokens?: number;
  readonly finish?: FinishReason;
}

/** How far the engine is used. */
export interface EngineStatistics {
  /** Sequences that are decoded, that wait for their prompts to be computed, and rows. */
  readonly active: number;
  readonly waiting: number;
  readonly rows: number;
  readonly liveTensors: number;
  readonly promptTokens: number;
  readonly reusedTokens: number;
  readonly generatedTokens: number;
  readonly steps: number;
}
