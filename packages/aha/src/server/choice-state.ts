/** What has been said in one choice of an answer so far. */
import type { FinishReason, SequenceEvent, TokenScore } from "../inference/sequence-request.ts";

export class ChoiceState {
  reasoning = "";
  text = "";
  finish: FinishReason | null = null;
  reasoningTokens = 0;
  reusedTokens = 0;
  promptScores: readonly TokenScore[] = [];
  readonly tokenIds: number[] = [];
  /** Of the answer's tokens and of the reasoning's. */
  readonly scores: TokenScore[] = [];
  readonly reasoningScores: TokenScore[] = [];

  take(event: SequenceEvent): void {
    this.reasoning += event.reasoning;
    this.text += event.text;
    this.finish = event.finish ?? this.finish;
    this.tokenIds.push(...event.tokenIds);
    if (event.inReasoning) this.reasoningTokens += event.tokenIds.length;
    this.reusedTokens = event.reusedTokens ?? this.reusedTokens;
    this.promptScores = event.promptScores ?? this.promptScores;
    (event.inReasoning ? this.reasoningScores : this.scores).push(...(event.scores ?? []));
  }
}

/** `usage`, as OpenAI's; the choices of a prompt share it. */
export function usageOf(
  prompts: readonly { readonly tokens: number; readonly choices: readonly ChoiceState[] }[],
): Readonly<Record<string, unknown>> {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const choices = prompts.flatMap((prompt) => prompt.choices);
  const promptTokens = sum(prompts.map(({ tokens }) => tokens));
  const completionTokens = sum(choices.map(({ tokenIds }) => tokenIds.length));
  // Of the first choice alone: that the others share their prompt with it is no matter of caching.
  const cached = sum(prompts.map((prompt) => prompt.choices[0]?.reusedTokens ?? 0));
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: {
      reasoning_tokens: sum(choices.map(({ reasoningTokens }) => reasoningTokens)),
    },
  };
}
