/** Decides whether two answers that have been read are the same, whatever their structure. */

import type { Answer } from "./answer.ts";
import { compareCollections, compareInOrder } from "./compare-collections.ts";
import type { Comparison } from "./compare-expressions.ts";
import { compareBased, compareRatios, compareTimes } from "./compare-notations.ts";
import {
  compareGivenChain,
  compareRelations,
  compareToGoldChain,
  hasSimpleLabel,
  namesValue,
} from "./compare-relations.ts";
import { compareValues } from "./compare-values.ts";
import type { ResolvedMathOptions } from "./options.ts";
import { describeRealSet, sameRealSet } from "./real-set.ts";

const different = (gold: Answer, given: Answer): Comparison => ({
  equal: false,
  how: `a ${given.kind} where a ${gold.kind} was expected`,
});

const compareTexts = (
  gold: Extract<Answer, { kind: "text" }>,
  given: Extract<Answer, { kind: "text" }>,
): Comparison => ({
  equal: gold.words.toLowerCase() === given.words.toLowerCase(),
  how: gold.letter && given.letter ? "the same letter" : "the same words",
});

/** A letter alone may be a choice on one side and a variable on the other; then it must be the very same. */
const compareLetterWithSymbol = (letter: Answer, value: Answer): boolean =>
  letter.kind === "text" &&
  letter.letter &&
  value.kind === "value" &&
  value.unit === null &&
  value.expression.kind === "symbol" &&
  value.expression.name === letter.words;

const SET_KINDS: ReadonlySet<Answer["kind"]> = new Set(["union", "difference", "conditions", "relation"]);

const isSetSymbol = (answer: Answer): boolean =>
  answer.kind === "value" &&
  answer.expression.kind === "symbol" &&
  (answer.expression.name === "RealNumbers" || answer.expression.name === "EmptySet");

/** Intervals, unions and inequalities, when at least one side can only be such; null when they are not. */
const compareAsRealSets = (gold: Answer, given: Answer, options: ResolvedMathOptions): Comparison | null => {
  const telling = (answer: Answer): boolean => SET_KINDS.has(answer.kind) || isSetSymbol(answer);
  const mixed =
    gold.kind === "collection" && given.kind === "collection" && gold.open !== "" && given.open !== "";
  if (!telling(gold) && !telling(given) && !mixed) return null;
  const [first, second] = [describeRealSet(gold), describeRealSet(given)];
  if (first === null || second === null) return null;
  if (first.subject !== null && second.subject !== null && first.subject !== second.subject) return null;
  return { equal: sameRealSet(first.set, second.set, options), how: "sets of reals" };
};

/** The one item of a set or list of one, else the answer itself. */
const soleItem = (answer: Answer): Answer => {
  const [only] =
    answer.kind === "collection" && (answer.open === "{" || answer.open === "") ? answer.items : [];
  if (answer.kind !== "collection" || answer.items.length !== 1 || only === undefined) return answer;
  // The set that holds the empty set is not empty.
  return isSetSymbol(only) ? answer : only;
};

/** `\frac34 \text{ or } 0.75`: a list of nothing but the gold's one value. */
const repeats = (
  gold: Answer,
  given: Answer,
  compare: (gold: Answer, given: Answer) => Comparison,
): boolean =>
  gold.kind === "value" &&
  given.kind === "collection" &&
  given.open === "" &&
  given.items.every((item) => compare(gold, item).equal);

/** Whether the given answer equals the gold, and what decided it. Recursion follows the answers' bounded depth. */
export const compareAnswers = (gold: Answer, given: Answer, options: ResolvedMathOptions): Comparison => {
  const compare = (left: Answer, right: Answer): Comparison => compareAnswers(left, right, options);
  if (gold.kind === "value" && given.kind === "value") return compareValues(gold, given, options);
  if (gold.kind === "text" && given.kind === "text") return compareTexts(gold, given);
  if (compareLetterWithSymbol(gold, given) || compareLetterWithSymbol(given, gold))
    return { equal: true, how: "the same letter" };
  const asSets = compareAsRealSets(gold, given, options);
  if (asSets?.equal === true) return asSets;
  if (gold.kind === "relation" && given.kind === "relation")
    return compareRelations(gold, given, options, compare);
  if (gold.kind === "relation")
    return namesValue(gold) && (gold.label === null || hasSimpleLabel(gold))
      ? compareToGoldChain(gold, given, compare)
      : (asSets ?? different(gold, given));
  if (given.kind === "relation")
    return namesValue(given) ? compareGivenChain(gold, given, compare) : (asSets ?? different(gold, given));
  if (gold.kind === "based" || given.kind === "based") return compareBased(gold, given);
  if (gold.kind === "time" || given.kind === "time") return compareTimes(gold, given, compare);
  if (gold.kind === "ratio" || given.kind === "ratio") return compareRatios(gold, given, compare);
  if (gold.kind === "date" && given.kind === "date")
    return {
      equal:
        gold.month === given.month &&
        gold.day === given.day &&
        (gold.year === null || given.year === null || gold.year === given.year),
      how: "dates",
    };
  if (gold.kind === "matrix" && given.kind === "matrix") {
    const sameShape =
      gold.rows.length === given.rows.length && gold.rows[0]?.length === given.rows[0]?.length;
    if (!sameShape) return { equal: false, how: "matrices of different shapes" };
    return compareInOrder(gold.rows.flat(), given.rows.flat(), compare, "matrices, entry by entry");
  }
  if (gold.kind === "matrix" || given.kind === "matrix") return compareVector(gold, given, compare);
  if (gold.kind === "collection" && given.kind === "collection" && asSets === null)
    return compareCollections(gold, given, options, compare);
  if (repeats(gold, given, compare)) return { equal: true, how: "the same answer said several times" };
  const [onlyGold, onlyGiven] = [soleItem(gold), soleItem(given)];
  if (onlyGold !== gold || onlyGiven !== given) return compare(onlyGold, onlyGiven);
  return asSets ?? different(gold, given);
};

/** The rows of a matrix, also of one written as `[[1, 2], [3, 4]]`. */
const rowsOf = (answer: Answer): readonly (readonly Answer[])[] | null => {
  if (answer.kind === "matrix") return answer.rows;
  if (answer.kind !== "collection" || answer.open === "{") return null;
  const rows: (readonly Answer[])[] = [];
  for (const item of answer.items) {
    if (item.kind !== "collection" || item.open === "{" || item.open === "") return null;
    rows.push(item.items);
  }
  return rows;
};

/** A column or a row against a tuple: `\begin{pmatrix} 1 \\ 2 \end{pmatrix}` is `(1, 2)`. */
const compareVector = (
  gold: Answer,
  given: Answer,
  compare: (gold: Answer, given: Answer) => Comparison,
): Comparison => {
  const [goldRows, givenRows] = [rowsOf(gold), rowsOf(given)];
  if (goldRows !== null && givenRows !== null)
    return goldRows.length === givenRows.length &&
      goldRows.every((row, at) => row.length === givenRows[at]?.length)
      ? compareInOrder(goldRows.flat(), givenRows.flat(), compare, "matrices, entry by entry")
      : different(gold, given);
  const entries = (answer: Answer): readonly Answer[] | null => {
    if (answer.kind === "matrix")
      return answer.rows.length === 1 || answer.rows[0]?.length === 1 ? answer.rows.flat() : null;
    return answer.kind === "collection" && answer.open !== "{" ? answer.items : null;
  };
  const [first, second] = [entries(gold), entries(given)];
  if (first === null || second === null) return different(gold, given);
  return compareInOrder(first, second, compare, "vectors, entry by entry");
};
