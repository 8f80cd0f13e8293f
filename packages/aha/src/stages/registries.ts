/** What JSON and YAML recipes may name: corpora and tokenizers (tasks: see tools/known-tasks.ts). */
import type { Corpus, Registry, TokenizerBuilder } from "../recipe/task-registry.ts";
import { type CountdownCorpusOptions, countdownCorpus } from "../tasks/countdown-corpus.ts";
import { buildWorldTokenizer, type WorldTokenizerOptions } from "../tokenizer-training/world-tokenizer.ts";

/** The Countdown corpus as a recipe's value: each document is prompt and completion, without the end token. */
export function countdownText(
  options: CountdownCorpusOptions = {},
): Corpus & { readonly options: CountdownCorpusOptions } {
  return {
    name: "countdown",
    options,
    *documents(seed) {
      for (const { prompt, completion } of countdownCorpus(seed, options)) yield prompt + completion;
    },
  };
}

/** The miniature's tokenizer as a recipe's value. */
export function worldTokenizer(options: WorldTokenizerOptions = {}): TokenizerBuilder {
  return {
    name: "world",
    build() {
      const { tokenizer, config } = buildWorldTokenizer(options);
      return { "tokenizer.json": tokenizer, "tokenizer_config.json": config } as ReturnType<
        TokenizerBuilder["build"]
      >;
    },
  };
}

export const corpora: Registry<Corpus> = new Map([
  ["countdown", (options) => countdownText(options as CountdownCorpusOptions)],
]);
export const tokenizers: Registry<TokenizerBuilder> = new Map([
  ["world", (options) => worldTokenizer(options as WorldTokenizerOptions)],
]);
