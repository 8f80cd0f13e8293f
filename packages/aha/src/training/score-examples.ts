/** Packs responses for a reward model, the two of a pair sharing what they begin with, and computes their scores. */
import { noGrad, scope, type Tensor } from "@aha/torch";
import { packSegments, type RaggedBatch, type Segment } from "../models/ragged-batch.ts";
import type { ScalarModel } from "../models/scalar-model.ts";
import { scoredRow } from "./reward-text.ts";

/** Token sequences that mostly begin alike: a pair, or one alone. */
export type SequenceFamily = readonly (readonly number[])[];

export interface PackedFamilies {
  readonly batch: RaggedBatch;
  /** The packed row whose hidden state is scored, of each sequence in order. */
  readonly rows: readonly number[];
}

/** How many tokens all sequences begin with, at most up to (not including) the first scored row. */
function sharedLength(family: SequenceFamily, rows: readonly number[]): number {
  const [first = []] = family;
  if (family.length < 2) return 0;
  const limit = Math.min(...rows);
  let shared = 0;
  while (shared < limit && family.every((ids) => ids[shared] === first[shared])) shared++;
  return shared;
}

/** Computed tokens of a family, with what is shared counted once. */
export function familyTokens(family: SequenceFamily): number {
  const shared = sharedLength(
    family,
    family.map((ids) => ids.length - 1),
  );
  return family.reduce((sum, ids) => sum + ids.length, 0) - shared * (family.length - 1);
}

export function packFamilies(
  families: readonly SequenceFamily[],
  { config, device }: ScalarModel,
): PackedFamilies {
  const segments: Segment[] = [];
  const places: { readonly segment: number; readonly offset: number }[] = [];
  for (const family of families) {
    const own = family.map((ids) => scoredRow(ids, config.padTokenId));
    const shared = sharedLength(family, own);
    const prefix = shared === 0 ? null : segments.length;
    if (prefix !== null) {
      segments.push({
        tokenIds: (family[0] as readonly number[]).slice(0, shared),
        firstPosition: 0,
        prefix: null,
      });
    }
    family.forEach((ids, index) => {
      const row = own[index] as number;
      places.push({ segment: segments.length, offset: row - shared });
      // What stands behind the scored row is not seen by it.
      segments.push({ tokenIds: ids.slice(shared, row + 1), firstPosition: shared, prefix });
    });
  }
  const batch = packSegments(segments, device);
  return { batch, rows: places.map(({ segment, offset }) => (batch.starts[segment] as number) + offset) };
}

/** Scores of all sequences of the families in order, float32 [N], with gradient. */
export function familyScores(model: ScalarModel, families: readonly SequenceFamily[]): Tensor {
  return scope(() => {
    const { batch, rows } = packFamilies(families, model);
    return model.scalars(batch, rows);
  });
}

/** Parts of at most `limit` computed tokens each, the items in their order; one item over the limit is a part by itself. */
export function partsOf<Item>(
  items: readonly Item[],
  tokens: (item: Item) => number,
  limit: number,
): Item[][] {
  const parts: Item[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const size = tokens(item);
    if (filled + size > limit) {
      parts.push([]);
      filled = 0;
    }
    (parts.at(-1) as Item[]).push(item);
    filled += size;
  }
  return parts;
}

/** The scores without a gradient, of each family's sequences; similar lengths are computed together. */
export function scoreFamilies(
  model: ScalarModel,
  families: readonly SequenceFamily[],
  tokensPerMicroBatch: number,
): number[][] {
  const scores = new Array<number[]>(families.length);
  const order = families
    .map((family, index) => ({ family, index, tokens: familyTokens(family) }))
    .filter(({ family, index }) => {
      if (family.length === 0) scores[index] = [];
      return family.length > 0;
    })
    .sort((a, b) => a.tokens - b.tokens || a.index - b.index);
  for (const part of partsOf(order, ({ tokens }) => tokens, tokensPerMicroBatch)) {
    const values = scope(() =>
      noGrad(() => [
        ...familyScores(
          model,
          part.map(({ family }) => family),
        ).toNumbers(),
      ]),
    );
    let position = 0;
    for (const { family, index } of part) {
      scores[index] = values.slice(position, position + family.length);
      position += family.length;
    }
  }
  return scores;
}
