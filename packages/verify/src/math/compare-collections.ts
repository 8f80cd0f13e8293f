/** Compares lists, sets and tuples: which brackets mean an order, and which do not. */

import type { Answer } from "./answer.ts";
import type { Comparison } from "./compare-expressions.ts";
import type { ResolvedMathOptions } from "./options.ts";

type Compare = (gold: Answer, given: Answer) => Comparison;
type Collection = Extract<Answer, { kind: "collection" }>;

/** Item by item at the same places. */
export const compareInOrder = (
  gold: readonly Answer[],
  given: readonly Answer[],
  compare: Compare,
  how: string,
): Comparison => {
  if (gold.length !== given.length)
    return { equal: false, how: `${how}: ${given.length} instead of ${gold.length}` };
  for (const [index, item] of gold.entries()) {
    const other = given[index];
    const verdict = other === undefined ? { equal: false, how } : compare(item, other);
    if (!verdict.equal) return { equal: false, how: `${how}: item ${index + 1}, ${verdict.how}` };
  }
  return { equal: true, how };
};

/** As multisets. Equality is transitive, so taking the first match for each item loses nothing. */
const compareInAnyOrder = (
  gold: readonly Answer[],
  given: readonly Answer[],
  compare: Compare,
  how: string,
): Comparison => {
  if (gold.length !== given.length)
    return { equal: false, how: `${how}: ${given.length} instead of ${gold.length}` };
  const rest = [...given];
  for (const item of gold) {
    const match = rest.findIndex((other) => compare(item, other).equal);
    if (match < 0) return { equal: false, how: `${how}: an item without a match` };
    rest.splice(match, 1);
  }
  return { equal: true, how };
};

const withoutRepeats = (items: readonly Answer[], compare: Compare): Answer[] => {
  const kept: Answer[] = [];
  for (const item of items) if (!kept.some((other) => compare(other, item).equal)) kept.push(item);
  return kept;
};

/**
 * `{…}` is a set; a bare list is unordered unless the options keep its order; `(…)` and `[…]` are ordered, and
 * their brackets matter exactly where they could be an interval's: with two items.
 */
export const compareCollections = (
  gold: Collection,
  given: Collection,
  options: ResolvedMathOptions,
  compare: Compare,
): Comparison => {
  const [goldSet, givenSet] = [gold.open === "{", given.open === "{"];
  const [goldBare, givenBare] = [gold.open === "", given.open === ""];
  if (goldSet && givenSet)
    return compareInAnyOrder(
      withoutRepeats(gold.items, compare),
      withoutRepeats(given.items, compare),
      compare,
      "sets",
    );
  if ((goldSet || goldBare) && (givenSet || givenBare))
    return options.listOrder === "kept" && goldBare
      ? compareInOrder(gold.items, given.items, compare, "lists in order")
      : compareInAnyOrder(gold.items, given.items, compare, "lists in any order");
  if (goldSet || givenSet) return { equal: false, how: "a set where a tuple was expected, or the reverse" };
  if (
    !goldBare &&
    !givenBare &&
    gold.items.length === 2 &&
    (gold.open !== given.open || gold.close !== given.close)
  )
    return { equal: false, how: "different brackets" };
  // `[0, 1]` and `(0, 1]` are intervals: never the two numbers `0, 1`.
  const bracketed = goldBare ? given : gold;
  const square = bracketed.open === "[" || bracketed.close === "]";
  if ((goldBare || givenBare) && square && bracketed.items.length === 2)
    return { equal: false, how: "a list where an interval was expected, or the reverse" };
  return compareInOrder(gold.items, given.items, compare, "tuples in order");
};
