/** Sets of reals — intervals, unions, inequalities, `\mathbb{R} \setminus \{5\}` — compared cell by cell. */

import type { Answer, Relation } from "./answer.ts";
import { compareExpressions, realValue } from "./compare-expressions.ts";
import { type Expression, mentions, negated, structuralKey, variables } from "./expression.ts";
import { asLinear, type Linear, solveFor } from "./linear-subject.ts";
import type { ResolvedMathOptions } from "./options.ts";

/** An endpoint is null where the set goes on for ever. */
interface Interval {
  readonly kind: "interval";
  readonly low: Expression | null;
  readonly high: Expression | null;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

type RealSet =
  | Interval
  | { readonly kind: "union"; readonly parts: readonly RealSet[] }
  | { readonly kind: "intersection"; readonly parts: readonly RealSet[] }
  | { readonly kind: "difference"; readonly from: RealSet; readonly removed: RealSet };

/** The set, and what is said to lie in it (`x` in `x > 3`); null for a bare set. */
export interface DescribedSet {
  readonly set: RealSet;
  readonly subject: string | null;
}

const EVERYTHING: RealSet = { kind: "interval", low: null, high: null, lowClosed: false, highClosed: false };
const NOTHING: RealSet = { kind: "union", parts: [] };

const infinite = (expression: Expression): boolean => mentions(expression, "Infinity");
const closedReal = (answer: Answer): Expression | null =>
  answer.kind === "value" &&
  variables(answer.expression).length === 0 &&
  realValue(answer.expression) !== null
    ? answer.expression
    : null;

const interval = (
  low: Expression,
  lowClosed: boolean,
  high: Expression,
  highClosed: boolean,
): RealSet | null => {
  const [first, second] = [realValue(low), realValue(high)];
  if (first === null || second === null || first > second) return null;
  // `(4, 4)` is a point of the plane; as an interval it would be empty, and equal to every other empty one.
  if (first === second && !(lowClosed && highClosed)) return null;
  return {
    kind: "interval",
    low: infinite(low) ? null : low,
    high: infinite(high) ? null : high,
    lowClosed: lowClosed && !infinite(low),
    highClosed: highClosed && !infinite(high),
  };
};

const point = (at: Expression): RealSet => ({
  kind: "interval",
  low: at,
  high: at,
  lowClosed: true,
  highClosed: true,
});

/** The reals that stand in the relation to the bound, seen from the variable's side. */
const ray = (operator: Relation, bound: Expression): RealSet | null => {
  if (operator === "=") return point(bound);
  if (operator === "!=") return { kind: "difference", from: EVERYTHING, removed: point(bound) };
  const closed = operator === "<=" || operator === ">=";
  if (operator === "<" || operator === "<=") {
    if (infinite(bound)) return EVERYTHING;
    return { kind: "interval", low: null, high: bound, lowClosed: false, highClosed: closed };
  }
  if (operator === ">" || operator === ">=") {
    if (infinite(bound)) return EVERYTHING;
    return { kind: "interval", low: bound, high: null, lowClosed: closed, highClosed: false };
  }
  return null;
};

const FLIPPED: Readonly<Record<Relation, Relation>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  in: "in",
  "~": "~",
};

/** The values of the variable for which the linear function stands in the relation to the bound. */
const solved = (linear: Linear | null, operator: Relation, bound: Expression): RealSet | null => {
  if (linear === null || infinite(bound)) return ray(operator, bound);
  return ray(linear.rising ? operator : FLIPPED[operator], solveFor(linear, bound));
};

/** `|e| < b` is `-b < e < b`; `|e| > b` is `e < -b` or `e > b`. */
const solvedAbsolute = (linear: Linear, operator: Relation, bound: Expression): RealSet | null => {
  const opposite = negated(bound);
  const [upper, lower] = [solved(linear, operator, bound), solved(linear, FLIPPED[operator], opposite)];
  if (upper === null || lower === null) return null;
  const within = operator === "<" || operator === "<=" || operator === "!=";
  return { kind: within ? "intersection" : "union", parts: [upper, lower] };
};

/** `a < x ≤ b`, `x ≠ 2`, `x ∈ S`, `|x - 3| < 2`: exactly one term holds variables, the others are real. */
const fromRelation = (answer: Extract<Answer, { kind: "relation" }>): DescribedSet | null => {
  const { operators, terms } = answer;
  const [first, second] = terms;
  if (operators[0] === "in" && terms.length === 2 && second !== undefined) {
    const inner = describeRealSet(second);
    const subject = first?.kind === "value" ? structuralKey(first.expression) : null;
    return inner === null ? null : { set: inner.set, subject };
  }
  const at = terms.findIndex((term) => term.kind === "value" && variables(term.expression).length > 0);
  const subject = terms[at];
  if (at < 0 || subject?.kind !== "value") return null;
  const absolute = subject.expression.kind === "call" && subject.expression.head === "Abs";
  const inner =
    absolute && subject.expression.kind === "call" ? subject.expression.operands[0] : subject.expression;
  const linear = inner === undefined ? null : asLinear(inner);
  const parts: RealSet[] = [];
  for (const [index, operator] of operators.entries()) {
    const [left, right] = [terms[index], terms[index + 1]];
    if (left === undefined || right === undefined || (index !== at && index + 1 !== at)) return null;
    const bound = closedReal(index === at ? right : left);
    if (bound === null) return null;
    const sign = index === at ? operator : FLIPPED[operator];
    const part =
      absolute && linear !== null
        ? solvedAbsolute(linear, sign, bound)
        : solved(absolute ? null : linear, sign, bound);
    if (part === null) return null;
    parts.push(part);
  }
  return {
    set: { kind: "intersection", parts },
    subject: linear?.variable ?? structuralKey(subject.expression),
  };
};

const combine = (answers: readonly Answer[], kind: "union" | "intersection"): DescribedSet | null => {
  const parts: RealSet[] = [];
  let subject: string | null = null;
  for (const answer of answers) {
    const described = describeRealSet(answer);
    if (described === null) return null;
    if (subject !== null && described.subject !== null && subject !== described.subject) return null;
    subject ??= described.subject;
    parts.push(described.set);
  }
  return { set: { kind, parts }, subject };
};

/** The set of reals an answer describes; null where it describes none. */
export const describeRealSet = (answer: Answer): DescribedSet | null => {
  if (answer.kind === "relation") return fromRelation(answer);
  if (answer.kind === "union") return combine(answer.parts, "union");
  if (answer.kind === "conditions")
    return combine(answer.parts, answer.joined === "or" ? "union" : "intersection");
  if (answer.kind === "difference") {
    const sides = [describeRealSet(answer.from), describeRealSet(answer.removed)];
    return sides[0] && sides[1]
      ? { set: { kind: "difference", from: sides[0].set, removed: sides[1].set }, subject: null }
      : null;
  }
  if (answer.kind === "value" && answer.expression.kind === "symbol") {
    if (answer.expression.name === "RealNumbers") return { set: EVERYTHING, subject: null };
    if (answer.expression.name === "EmptySet") return { set: NOTHING, subject: null };
    return null;
  }
  if (answer.kind !== "collection") return null;
  const bounds = answer.items.map(closedReal);
  if (answer.open === "{" || answer.open === "") {
    const parts = bounds.map((bound) => (bound === null ? null : point(bound)));
    return parts.every((part) => part !== null) ? { set: { kind: "union", parts }, subject: null } : null;
  }
  const [low, high] = bounds;
  if (bounds.length !== 2 || low == null || high == null) return null;
  const set = interval(low, answer.open === "[", high, answer.close === "]");
  return set === null ? null : { set, subject: null };
};

const endpoints = (set: RealSet): Expression[] => {
  if (set.kind === "interval") return [set.low, set.high].filter((end) => end !== null);
  if (set.kind === "difference") return [...endpoints(set.from), ...endpoints(set.removed)];
  return set.parts.flatMap(endpoints);
};

/** Whether the cell lies in the set: odd cells are the endpoints in order, even ones the gaps around them. */
const contains = (set: RealSet, cell: number, cellOf: ReadonlyMap<Expression, number>): boolean => {
  if (set.kind === "difference")
    return contains(set.from, cell, cellOf) && !contains(set.removed, cell, cellOf);
  if (set.kind === "union") return set.parts.some((part) => contains(part, cell, cellOf));
  if (set.kind === "intersection") return set.parts.every((part) => contains(part, cell, cellOf));
  const low = set.low === null ? Number.NEGATIVE_INFINITY : (cellOf.get(set.low) ?? 0);
  const high = set.high === null ? Number.POSITIVE_INFINITY : (cellOf.get(set.high) ?? 0);
  return (
    (cell > low || (cell === low && set.lowClosed)) && (cell < high || (cell === high && set.highClosed))
  );
};

/** Whether both sets have the same members; their endpoints are compared as exactly as any other value. */
export const sameRealSet = (gold: RealSet, given: RealSet, options: ResolvedMathOptions): boolean => {
  const ends = [...endpoints(gold), ...endpoints(given)].map((end) => ({
    end,
    at: realValue(end) ?? Number.NaN,
  }));
  ends.sort((first, second) => first.at - second.at);
  const cellOf = new Map<Expression, number>();
  let cell = -1;
  for (const [index, { end, at }] of ends.entries()) {
    const before = ends[index - 1];
    const near = before !== undefined && Math.abs(at - before.at) <= 1e-9 * Math.max(1, Math.abs(at));
    const tolerant = options.relativeTolerance > 0 || options.significantDigits !== null;
    const same =
      before !== undefined && (near || tolerant) && compareExpressions(before.end, end, options).equal;
    if (!same) cell += 2;
    cellOf.set(end, cell);
  }
  for (let index = 0; index <= cell + 1; index += 1)
    if (contains(gold, index, cellOf) !== contains(given, index, cellOf)) return false;
  return true;
};
