/**
 * Accepts or replaces drafted tokens so that what comes out is distributed as if the main model had been sampled.
 *
 * Leviathan et al. 2023, algorithm 1: a draft x ~ q is kept with probability min(1, p(x)/q(x)); else a token is drawn from
 * max(0, p − q), normalised. Greedily a draft is kept where it is the main model's own choice.
 */
import { fromTypedArray, operator, type Tensor, torch } from "@aha/torch";
import { type FilterOptions, filteredProbabilities } from "../models/filtered-log-probabilities.ts";
import { randomStream } from "./seeds.ts";

const sampleRows = operator("aha::sample");
const scoreTokens = operator("aha::filtered_log_probabilities");

const int64 = (values: readonly (number | bigint)[]): Tensor =>
  fromTypedArray(BigInt64Array.from(values, BigInt));

/** Streams of random numbers that are independent of the sampler's own under the same seed. */
const DRAFT_STREAM = 0x3c6ef372fe94f82bn;
const ACCEPT_STREAM = 0x2545f4914f6cdd1dn;
const REPLACE_STREAM = 0x51ed270b9f3b4ad7n;
const streamOf = (seed: bigint, stream: bigint): bigint => BigInt.asIntN(64, seed ^ stream);

/** Which random numbers a completion's next token is drawn with. */
export interface TokenSource {
  readonly seed: bigint;
  readonly position: number; // of the token in its completion
}

/** Drawn tokens with their log-probabilities. */
export interface DrawnTokens {
  readonly ids: readonly number[]; // [n]
  readonly logProbabilities: Float32Array; // [n]
}

/** Draws a token for each row of logits [n, V]; of the sampler's stream, or another. */
export function drawTokens(
  logits: Tensor,
  sources: readonly TokenSource[],
  { temperature, topK, topP, minP }: FilterOptions,
  stream = 0n,
): DrawnTokens {
  const place = (values: readonly (number | bigint)[]): Tensor => int64(values).to(logits.device);
  const seeds = place(sources.map(({ seed }) => streamOf(seed, stream)));
  const positions = place(sources.map(({ position }) => position));
  const [ids, scores] = sampleRows(logits, seeds, positions, temperature, topK, topP, minP);
  return { ids: [...ids.toNumbers()], logProbabilities: Float32Array.from(scores.toNumbers()) };
}

/** Drafts for each row of the prediction module's logits [n, V]. */
export function draftTokens(
  logits: Tensor,
  sources: readonly TokenSource[],
  filters: FilterOptions,
): DrawnTokens {
  return drawTokens(logits, sources, filters, DRAFT_STREAM);
}

/** What became of the drafts: the token that stands in each one's place, under the main model's distribution. */
export interface VerifiedTokens extends DrawnTokens {
  readonly accepted: readonly boolean[]; // [n]
}

/** Logits of the main model and of the draft's, [n, V] each; the drafts with their log-probabilities. */
export function verifyDrafts(
  logits: Tensor,
  draftLogits: Tensor,
  drafts: DrawnTokens,
  sources: readonly TokenSource[],
  filters: FilterOptions,
): VerifiedTokens {
  if (filters.temperature === 0) {
    const own = drawTokens(logits, sources, filters);
    return { ...own, accepted: own.ids.map((id, index) => id === drafts.ids[index]) };
  }
  const { temperature, topK, topP, minP } = filters;
  const score = (rows: Tensor, ids: readonly number[]): Float32Array =>
    Float32Array.from(
      scoreTokens(rows, int64(ids).to(rows.device), temperature, topK, topP, minP).toNumbers(),
    );
  const scores = score(logits, drafts.ids);
  const accepted = sources.map(({ seed, position }, index) => {
    const ratio = Math.exp((scores[index] as number) - (drafts.logProbabilities[index] as number));
    return randomStream(streamOf(seed + BigInt(position) * ACCEPT_STREAM, ACCEPT_STREAM))() < ratio;
  });
  const rejected = accepted.flatMap((kept, index) => (kept ? [] : [index]));
  if (rejected.length === 0) return { ids: drafts.ids, logProbabilities: scores, accepted };
  const rows = int64(rejected).to(logits.device);
  const chosenRows = logits.indexSelect(0, rows);
  const wanted = filteredProbabilities(chosenRows, filters);
  const proposed = filteredProbabilities(draftLogits.indexSelect(0, rows), filters);
  const left = wanted.sub(proposed).clampMin(0);
  // Rounding alone can reject where both are the same: then anything of the main model's distribution will do.
  const residual = torch.where(left.sum(1, true).gt(0), left, wanted);
  const replaced = drawTokens(
    residual.log(),
    rejected.map((index) => sources[index] as TokenSource),
    { temperature: 1, topK: 0, topP: 1, minP: 0 },
    REPLACE_STREAM,
  );
  const replacedScores = score(chosenRows, replaced.ids);
  const ids = [...drafts.ids];
  rejected.forEach((index, place) => {
    ids[index] = replaced.ids[place] as number;
    scores[index] = replacedScores[place] as number;
  });
  return { ids, logProbabilities: scores, accepted };
}
