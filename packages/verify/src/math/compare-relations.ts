/** Compares equations and inequalities with each other and with the values they name. */

import type { Answer } from "./answer.ts";
import { type Comparison, compareExpressions, realValue } from "./compare-expressions.ts";
import { ratioParts } from "./compare-notations.ts";
import { call, difference, type Expression, integer, symbol, variables } from "./expression.ts";
import type { ResolvedMathOptions } from "./options.ts";

export type RelationAnswer = Extract<Answer, { kind: "relation" }>;
type Compare = (gold: Answer, given: Answer) => Comparison;

/** A label that is one name (`x`, `f(x)`, `\text{Area}`) rather than a combination (`x + y`). */
export const hasSimpleLabel = (relation: RelationAnswer): boolean =>
  relation.label !== null &&
  !/[+/*]|-(?![a-z]{3})|\\(?:cdot|times|div|frac)/.test(relation.label.replace("^-1", ""));

const isOneLetter = (label: string): boolean => /^\\?[A-Za-z]$|^\\[a-z]+$|^[A-Za-z]_\w+$/.test(label);

/** `x = 5` and `y = 5` say different things; `f(x) = …` and `y = …`, or a word and a letter, need not. */
const labelsAgree = (gold: RelationAnswer, given: RelationAnswer): boolean =>
  gold.label === null ||
  given.label === null ||
  gold.label === given.label ||
  !(isOneLetter(gold.label) && isOneLetter(given.label));

/** The terms a relation offers as its value: those chained with "=", and those it only approximates. */
const offered = (relation: RelationAnswer): { exact: Answer[]; approximate: Answer[] } => {
  const exact: Answer[] = [];
  const approximate: Answer[] = [];
  for (const [index, term] of relation.terms.entries()) {
    if (index === 0 && relation.label !== null) continue;
    const approximated = relation.operators.slice(0, index).includes("~");
    (approximated ? approximate : exact).push(term);
  }
  return { exact, approximate };
};

const isChain = (relation: RelationAnswer): boolean =>
  relation.operators.every((operator) => operator === "=" || operator === "~" || operator === "in");

/** A chain of values without a name, such as `0.56 = 56\%`: all closed. */
const isClosed = (answer: Answer): boolean =>
  answer.kind === "value" && variables(answer.expression).length === 0;

export const namesValue = (relation: RelationAnswer): boolean =>
  isChain(relation) && (relation.label !== null || relation.terms.every(isClosed));

const nearlyEqual = (first: Answer, second: Answer): boolean => {
  if (first.kind !== "value" || second.kind !== "value") return false;
  const [a, b] = [realValue(first.expression), realValue(second.expression)];
  return a !== null && b !== null && Math.abs(a - b) <= 0.01 * Math.abs(a);
};

/** A gold's alternatives: any of its terms will do. */
export const compareToGoldChain = (gold: RelationAnswer, given: Answer, compare: Compare): Comparison => {
  const { exact, approximate } = offered(gold);
  let last: Comparison = { equal: false, how: "the value of an equation" };
  for (const term of [...exact, ...approximate]) {
    last = compare(term, given);
    if (last.equal) return { ...last, how: `${last.how}; the value of an equation` };
  }
  return last;
};

/** A further name on the way to a number, as in `AB = CD = 5`. */
const isNamed = (term: Answer, final: Answer): boolean =>
  (term.kind === "text" && !term.letter) || (!isClosed(term) && isClosed(final));

/** A prediction's chain must be consistent in itself, so that `3 = 5` never earns anything. */
export const compareGivenChain = (gold: Answer, given: RelationAnswer, compare: Compare): Comparison => {
  const { exact, approximate } = offered(given);
  const final = exact.at(-1) ?? approximate[0];
  if (final === undefined) return { equal: false, how: "an equation without a value" };
  for (const term of exact)
    if (term !== final && !isNamed(term, final) && !compare(final, term).equal)
      return { equal: false, how: "an equation that does not hold" };
  for (const term of approximate)
    if (term !== final && isClosed(term) && isClosed(final) && !nearlyEqual(final, term))
      return { equal: false, how: "an approximation that does not hold" };
  const verdict = compare(gold, final);
  if (verdict.equal) return { ...verdict, how: `${verdict.how}; the value of an equation` };
  for (const term of approximate)
    if (nearlyEqual(final, term)) {
      const rounded = compare(gold, term);
      if (rounded.equal) return { ...rounded, how: `${rounded.how}; the rounded value of an equation` };
    }
  return verdict;
};

const rename = (expression: Expression, names: ReadonlySet<string>): Expression => {
  if (expression.kind === "symbol")
    return names.has(expression.name) ? symbol(`${expression.name} again`) : expression;
  return expression.kind === "call"
    ? call(expression.head, ...expression.operands.map((operand) => rename(operand, names)))
    : expression;
};

const ZERO = integer(0);

/**
 * Whether two functions are non-zero multiples of each other: A(x)·B(y) = B(x)·A(y) for independent x and y, and
 * neither is zero. Exact whenever the comparison of expressions is.
 */
const areProportional = (a: Expression, b: Expression, options: ResolvedMathOptions): boolean => {
  const names = new Set([...variables(a), ...variables(b)]);
  if (names.size === 0) return false;
  const exact = { ...options, significantDigits: null, relativeTolerance: 0 };
  if (compareExpressions(a, ZERO, exact).equal || compareExpressions(b, ZERO, exact).equal) return false;
  const left = call("Multiply", a, rename(b, names));
  const right = call("Multiply", b, rename(a, names));
  return compareExpressions(left, right, exact).equal;
};

/** The expression an answer stands for in an equation: also a letter, and a ratio as its quotient. */
const asExpression = (answer: Answer | undefined): Expression | null => {
  if (answer?.kind === "value") return answer.expression;
  if (answer?.kind === "text") {
    if (answer.letter) return symbol(answer.words);
    // `AB`, the name of a segment, is read as a product where it stands inside an expression.
    return /^[a-z]{2,3}$/.test(answer.words)
      ? call("Multiply", ...[...answer.words.toUpperCase()].map(symbol))
      : null;
  }
  const parts = answer === undefined ? null : ratioParts(answer);
  const [top, bottom] = parts ?? [];
  return parts?.length === 2 && top?.kind === "value" && bottom?.kind === "value"
    ? call("Divide", top.expression, bottom.expression)
    : null;
};

const sides = (relation: RelationAnswer): Expression | null => {
  const [left, right] = relation.terms.map(asExpression);
  return relation.operators.length === 1 && left && right ? difference(left, right) : null;
};

const SIGN_POINTS = 5;

/** The sign of the constant ratio of two proportional expressions; 0 where no point tries it. */
const signOfRatio = (a: Expression, b: Expression): number => {
  const at = (expression: Expression, point: number): Expression => {
    if (expression.kind === "symbol" && variables(expression).length > 0)
      return integer(2 + (((expression.name.codePointAt(0) ?? 0) + 7 * point) % 17));
    return expression.kind === "call"
      ? call(expression.head, ...expression.operands.map((operand) => at(operand, point)))
      : expression;
  };
  for (let point = 0; point < SIGN_POINTS; point += 1) {
    const [first, second] = [realValue(at(a, point)), realValue(at(b, point))];
    if (first !== null && second !== null && first * second !== 0) return Math.sign(first * second);
  }
  return 0;
};

/** Two equations scaled or with their sides swapped, or the same named value. */
export const compareRelations = (
  gold: RelationAnswer,
  given: RelationAnswer,
  options: ResolvedMathOptions,
  compare: Compare,
): Comparison => {
  const [first, second] = [sides(gold), sides(given)];
  const [goldSign, givenSign] = [gold.operators[0], given.operators[0]];
  if (first !== null && second !== null && areProportional(first, second, options)) {
    if ((goldSign === "=" && givenSign === "=") || (goldSign === "!=" && givenSign === "!="))
      return { equal: true, how: "equations with the same solutions" };
    const direction = (sign: string | undefined): number =>
      sign?.startsWith("<") ? -1 : sign?.startsWith(">") ? 1 : 0;
    const strict = goldSign?.length === givenSign?.length;
    const facing = direction(goldSign) * direction(givenSign) * signOfRatio(first, second);
    if (strict && facing > 0) return { equal: true, how: "the same inequality" };
  }
  if (namesValue(gold) && namesValue(given) && labelsAgree(gold, given)) {
    const { exact, approximate } = offered(gold);
    for (const term of [...exact, ...approximate]) {
      const verdict = compareGivenChain(term, given, compare);
      if (verdict.equal) return verdict;
    }
  }
  return { equal: false, how: "different equations" };
};
