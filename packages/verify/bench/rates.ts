/** How often a verifier is right: counts and rates against labels of known truth. */
import type { Pair } from "../test/pairs/pair.ts";

export interface Rates {
  readonly right: number;
  readonly wrong: number;
  /** Right predictions that were not judged correct. */
  readonly falseNegatives: number;
  /** Wrong predictions that were judged correct. */
  readonly falsePositives: number;
}

/** `correct[i]` is whether the verifier credited `pairs[i]`. */
export function countRates(pairs: readonly Pair[], correct: readonly boolean[]): Rates {
  const counts = { right: 0, wrong: 0, falseNegatives: 0, falsePositives: 0 };
  pairs.forEach((pair, index) => {
    counts[pair.truth ? "right" : "wrong"]++;
    if (pair.truth && !correct[index]) counts.falseNegatives++;
    if (!pair.truth && correct[index]) counts.falsePositives++;
  });
  return counts;
}

/** Rates by a key of the pair, in the order of first appearance. */
export function ratesBy(
  pairs: readonly Pair[],
  correct: readonly boolean[],
  key: (pair: Pair) => string,
): Map<string, Rates> {
  const groups = new Map<string, number[]>();
  pairs.forEach((pair, index) => {
    const name = key(pair);
    const members = groups.get(name);
    if (members) members.push(index);
    else groups.set(name, [index]);
  });
  const select = <Item>(items: readonly Item[], indices: readonly number[]): Item[] =>
    indices.flatMap((index) => items.slice(index, index + 1));
  return new Map(
    [...groups].map(([name, indices]) => [
      name,
      countRates(select(pairs, indices), select(correct, indices)),
    ]),
  );
}
