/** Log-probabilities of given next tokens through the fused, chunked head. */
import { indices, operator, scope, type Tensor } from "@aha/torch";
import { bucketSize } from "./bucket.ts";
import { type FilterOptions, filteredLogProbabilities, filtersAreOff } from "./filtered-log-probabilities.ts";
import type { LanguageModel } from "./language-model.ts";
import type { TokenScores } from "./token-scores.ts";

const takeRows = operator("aha::embedding");
const fused = operator("aha::token_log_probabilities");

/** The sampler's filters besides the temperature. */
export type Filters = Pick<FilterOptions, "topK" | "topP" | "minP">;
const noFilters: Filters = { topK: 0, topP: 1, minP: 0 };

/**
 * log softmax(h · Wᵀ / temperature)[target] for hidden states h [N, D] and targets int64 [N]. Logits exist for one
 * chunk of rows at a time, forward and backward.
 */
export function tokenLogProbabilities(
  model: LanguageModel,
  hidden: Tensor,
  targets: Tensor,
  temperature = 1,
  chunkRows = 0,
): TokenScores {
  const [logProbabilities, entropy] = fused(hidden, model.head, targets, temperature, chunkRows);
  return { logProbabilities, entropy };
}

/**
 * The same for chosen rows of packed hidden states [T, D]: `sources` int64 [N] names the row that predicts each target.
 * With `filters` the scores are of the distribution that a sampler with these filters draws from. The rows are padded to one of few numbers (see bucket.ts); the scores are of the N asked for.
 */
export function rowLogProbabilities(
  model: LanguageModel,
  hidden: Tensor,
  sources: readonly number[],
  targets: readonly number[],
  temperature = 1,
  filters: Filters = noFilters,
): TokenScores {
  return scope(() => {
    const rows = bucketSize(sources.length);
    const place = (values: readonly number[]): Tensor =>
      indices([...values, ...new Array<number>(rows - values.length).fill(0)]).to(model.device);
    const taken = takeRows(hidden, place(sources));
    const options = { ...filters, temperature };
    const scores = filtersAreOff(options)
      ? tokenLogProbabilities(model, taken, place(targets), temperature)
      : filteredLogProbabilities(taken, model.head, place(targets), options);
    return {
      logProbabilities: scores.logProbabilities.narrow(0, 0, sources.length),
      entropy: scores.entropy.narrow(0, 0, sources.length),
    };
  });
}
