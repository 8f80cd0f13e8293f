/** The work of `aha score`: the log-probability of every token of texts or token ids. */
import { inferenceMode, scope } from "@aha/torch";
import type { ScoreInput, ScoreOutput, ScoreRequest } from "../contracts/work.ts";
import type { DecoderConfig } from "../folder/decoder-config.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { openModel, openTokenizer } from "../models/load-model.ts";
import { packSequences } from "../models/ragged-batch.ts";
import { rowLogProbabilities } from "../models/token-log-probabilities.ts";
import { gather } from "./gather.ts";

/** Sequences are packed without padding, so unequal lengths cost nothing; this bounds the activations. */
const TOKENS_PER_BATCH = 4096;
const PAUSE_MILLISECONDS = 25;

/** A line that cannot be scored: says which, what was expected, and what to do. */
export class ScoreLineError extends Error {
  override readonly name = "ScoreLineError";
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
  }
}

/**
 * Scores lines in order, many at a time. The loss is the mean of −log p over all tokens but the first. Text is encoded
 * with the special tokens that the tokenizer adds by itself; token ids need no tokenizer.
 *
 * Throws ScoreLineError, after the lines before it were answered.
 */
export async function* scoreLines(
  request: ScoreRequest,
  lines: AsyncIterable<ScoreInput>,
): AsyncGenerator<ScoreOutput, void> {
  const { model } = openModel(request.model, { dtype: request.dtype, device: request.device });
  try {
    const tokenizer = lazily(() => openTokenizer(request.model, model.config));
    const sequences = encodeLines(lines, model.config, tokenizer);
    const size = (ids: readonly number[]) => ids.length;
    const batches = gather(sequences, {
      size,
      limit: TOKENS_PER_BATCH,
      pauseMilliseconds: PAUSE_MILLISECONDS,
    });
    for await (const batch of batches) yield* scoreSequences(model, batch);
  } finally {
    model.dispose();
  }
}

/** Scores of sequences of at least two tokens each, in one forward pass. */
export function scoreSequences(
  model: LanguageModel,
  sequences: readonly (readonly number[])[],
): ScoreOutput[] {
  return scope(() =>
    inferenceMode(() => {
      const batch = packSequences(sequences, model.device);
      const starts = batch.starts;
      // Every token but a sequence's last predicts the one behind it.
      const sources = sequences.flatMap((ids, index) =>
        ids.slice(1).map((_, offset) => (starts[index] ?? 0) + offset),
      );
      const targets = sequences.flatMap((ids) => ids.slice(1));
      const { logProbabilities } = rowLogProbabilities(model, model.hidden(batch), sources, targets);
      const values = Array.from(logProbabilities.toNumbers());
      let position = 0;
      return sequences.map((ids) => {
        const logprobs = values.slice(position, position + ids.length - 1);
        position += ids.length - 1;
        return { loss: -logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length, logprobs };
      });
    }),
  );
}

async function* encodeLines(
  lines: AsyncIterable<ScoreInput>,
  config: DecoderConfig,
  tokenizer: () => Tokenizer,
): AsyncGenerator<readonly number[]> {
  let count = 0;
  for await (const input of lines) {
    count++;
    const line = input.line ?? count;
    const ids = "text" in input ? tokenizer().encode(input.text) : input.input_ids;
    checkSequence(ids, line, config);
    yield ids;
  }
}

function checkSequence(ids: readonly number[], line: number, config: DecoderConfig): void {
  if (ids.length < 2) {
    throw new ScoreLineError(
      line,
      `expected at least 2 tokens (the first is not predicted by anything), got ${ids.length}. Leave the line out, or put more before it`,
    );
  }
  if (ids.length > config.maxPositions) {
    throw new ScoreLineError(
      line,
      `expected at most ${config.maxPositions} tokens, the model's positions, got ${ids.length}. Split the line`,
    );
  }
  const strange = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < config.vocabularySize));
  if (strange !== undefined) {
    throw new ScoreLineError(
      line,
      `expected token ids of 0 … ${config.vocabularySize - 1}, the model's vocabulary, got ${strange}. Encode the text with the model's own tokenizer`,
    );
  }
}

/** Calls `make` at the first use. */
function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
