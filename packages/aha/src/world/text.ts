/** The bilingual world's pretraining text as a recipe's value. */
import type { Corpus } from "../recipe/task-registry.ts";
import { type WorldCorpusOptions, worldCorpus, worldCorpusDefaults } from "./corpus.ts";

/** Each document is prompt and completion, without the end token. */
export function worldText(
  options: WorldCorpusOptions = {},
): Corpus & { readonly options: WorldCorpusOptions } {
  return {
    name: "bilingual-world",
    options: { ...worldCorpusDefaults, ...options }, // so that a run's recipe tells what the text was
    *documents(seed) {
      for (const { prompt, completion } of worldCorpus(seed, options)) yield prompt + completion;
    },
  };
}
