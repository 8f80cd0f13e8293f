/** Log-probabilities as OpenAI writes them: of chats, and of plain completions. */
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { TokenScore } from "../inference/sequence-request.ts";

/** A token's text; U+FFFD where it is only a part of a character. */
const textOf = (tokenizer: Tokenizer, id: number): string =>
  tokenizer.decode([id], { skipSpecialTokens: false });

/** JSON has no −∞: a token that cannot be. */
const finite = (value: number): number => (Number.isFinite(value) ? value : -9999);

interface ChatToken {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

function chatToken(tokenizer: Tokenizer, id: number, logProbability: number): ChatToken {
  const token = textOf(tokenizer, id);
  const bytes = token.includes("\uFFFD") ? null : [...new TextEncoder().encode(token)];
  return { token, logprob: finite(logProbability), bytes };
}

/** One entry of a chat's `logprobs.content`. */
export function chatLogProbability(
  tokenizer: Tokenizer,
  score: TokenScore,
): Readonly<Record<string, unknown>> {
  return {
    ...chatToken(tokenizer, score.tokenId, score.logProbability ?? 0),
    top_logprobs: score.top.map(([id, value]) => chatToken(tokenizer, id, value)),
  };
}

/** `logprobs` of a plain completion; `offset` is where the first token's text begins. */
export function completionLogProbabilities(
  tokenizer: Tokenizer,
  scores: readonly TokenScore[],
  offset: number,
): Readonly<Record<string, unknown>> {
  const tokens = scores.map(({ tokenId }) => textOf(tokenizer, tokenId));
  let place = offset;
  const offsets = tokens.map((token) => {
    const start = place;
    place += token.length;
    return start;
  });
  return {
    tokens,
    token_logprobs: scores.map(({ logProbability }) =>
      logProbability === null ? null : finite(logProbability),
    ),
    top_logprobs: scores.map(({ logProbability, top }) =>
      logProbability === null ? null : likeliest(tokenizer, top),
    ),
    text_offset: offsets,
  };
}

/** By text; of two tokens with the same text the likelier one counts. */
function likeliest(tokenizer: Tokenizer, top: TokenScore["top"]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [id, value] of top) found[textOf(tokenizer, id)] ??= finite(value);
  return found;
}
