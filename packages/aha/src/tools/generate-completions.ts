/** The work of `aha generate`: completes one prompt, given as text, as a user's turn, or as token ids. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedCompletion, GenerateRequest } from "../contracts/work.ts";
import type { DecodeStream } from "../folder/decode-stream.ts";
import type { DecoderConfig } from "../folder/decoder-config.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LanguageModel } from "../models/language-model.ts";
import {
  modelConfigOf,
  openModel,
  openTokenizer,
  stopTokens,
  tokenizerFolder,
} from "../models/load-model.ts";
import { bytesPerNumber, cacheCapacity } from "../rollout/cache-capacity.ts";
import type { SampledSequence } from "../rollout/decoder.ts";
import { makeDecoder } from "../rollout/make-decoder.ts";
import { PromptError } from "../rollout/prompt-error.ts";
import { completionText } from "../rollout/rollout.ts";
import { deriveSeed } from "../rollout/seeds.ts";

/** Steps between two chances for the event loop, so that streamed text goes out. */
const STEPS_BETWEEN_PAUSES = 4;

/**
 * Samples `request.samples` completions of one prompt. A folder without a tokenizer serves where the prompt is token
 * ids; the completions' text is empty then. `maxNewTokens` is cut down to the positions the prompt leaves free.
 *
 * Throws PromptError where it leaves none, or the prompt is empty or holds ids that the model does not know.
 */
export async function generateCompletions(request: GenerateRequest): Promise<readonly GeneratedCompletion[]> {
  const config = modelConfigOf(request.model);
  const tokenizer = tokenizerFor(request, config);
  const promptTokenIds = encodePrompt(request, tokenizer, config);
  const free = config.maxPositions - promptTokenIds.length;
  if (free < 1) {
    throw new PromptError(
      `the prompt has ${promptTokenIds.length} tokens, but the model has ${config.maxPositions} positions for prompt ` +
        "and completion together. Shorten the prompt",
    );
  }
  const maxNewTokens = Math.min(request.sampling.maxNewTokens, free);
  const { model, generation } = openModel(request.model, {
    dtype: request.dtype,
    device: request.device,
    positions: promptTokenIds.length + maxNewTokens,
  });
  try {
    const eosTokenIds = stopTokens(generation, tokenizer);
    const finished = await sample(
      model,
      promptTokenIds,
      { ...request, maxNewTokens, eosTokenIds },
      tokenizer,
    );
    return finished.map(({ tokenIds, logProbabilities, finish }) => ({
      text: tokenizer === null ? "" : completionText(tokenizer, tokenIds, finish),
      promptTokenIds,
      tokenIds,
      logProbabilities: Array.from(logProbabilities),
      finish,
    }));
  } finally {
    model.dispose();
  }
}

/** Null only where there is none and none is needed. */
function tokenizerFor({ model, prompt }: GenerateRequest, config: DecoderConfig): Tokenizer | null {
  const needed = "text" in prompt;
  return needed || existsSync(join(tokenizerFolder(model), "tokenizer.json"))
    ? openTokenizer(model, config)
    : null;
}

function encodePrompt(
  { prompt, chat }: GenerateRequest,
  tokenizer: Tokenizer | null,
  config: DecoderConfig,
): readonly number[] {
  if ("ids" in prompt || tokenizer === null) return "ids" in prompt ? prompt.ids : [];
  if (chat) {
    const conversation = [{ role: "user", content: prompt.text }];
    const text = tokenizer.applyChatTemplate(conversation, { addGenerationPrompt: true });
    return tokenizer.encode(text, { addSpecialTokens: false });
  }
  const ids = tokenizer.encode(prompt.text);
  if (ids.length > 0) return ids;
  // Nothing was asked: begin where every text begins.
  const first = tokenizer.bosTokenId ?? config.bosTokenId;
  if (first !== null) return [first];
  throw new PromptError(
    "the prompt has no tokens, and the model no beginning-of-sequence token; give some text",
  );
}

interface SampleOptions extends GenerateRequest {
  readonly maxNewTokens: number;
  readonly eosTokenIds: ReadonlySet<number>;
}

async function sample(
  model: LanguageModel,
  promptTokenIds: readonly number[],
  options: SampleOptions,
  tokenizer: Tokenizer | null,
): Promise<SampledSequence[]> {
  const { sampling, samples, maxNewTokens, eosTokenIds, onText } = options;
  const streaming = onText !== undefined && samples === 1 ? (tokenizer?.decodeStream() ?? null) : null;
  const seeds = Array.from({ length: samples }, (_, index) =>
    deriveSeed(sampling.seed, 0, "generate", index),
  );
  const capacity = cacheCapacity(model.cachedPerToken, bytesPerNumber(model.dtype), maxNewTokens, samples);
  const decoder = makeDecoder(
    model,
    [{ promptTokenIds, seeds }],
    { ...sampling, maxNewTokens, eosTokenIds, capacity },
    streaming === null || onText === undefined
      ? undefined
      : (_request, _sample, id) => passOn(streaming, id, eosTokenIds, onText),
  );
  const finished = new Array<SampledSequence>(samples);
  try {
    for (let steps = 1; !decoder.finished; steps++) {
      for (const sequence of decoder.step()) finished[sequence.sample] = sequence;
      if (steps % STEPS_BETWEEN_PAUSES === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    decoder.dispose();
  }
  const rest = streaming?.end() ?? "";
  if (rest !== "") onText?.(rest);
  return finished;
}

/** An end-of-sequence token ends the text, special or not. */
function passOn(
  stream: DecodeStream,
  id: number,
  eosTokenIds: ReadonlySet<number>,
  onText: (piece: string) => void,
): void {
  if (eosTokenIds.has(id)) return;
  const piece = stream.push(id);
  if (piece !== "") onText(piece);
}
