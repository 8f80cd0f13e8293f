/** Compares two values with their units: percent, degrees, money and measures. */

import type { Answer } from "./answer.ts";
import { type Comparison, compareExpressions } from "./compare-expressions.ts";
import { call, type Expression, integer, mentions, number } from "./expression.ts";
import type { ResolvedMathOptions } from "./options.ts";
import { equals, fromInteger } from "./rational.ts";
import { relateUnits, type Unit } from "./units.ts";

export type Value = Extract<Answer, { kind: "value" }>;

const isUnit = (unit: Unit | null, dimension: string): boolean => unit?.dimension === dimension;

/** `x\%` as the number x/100, and degrees as radians: what the sign means when it is not ignored. */
const meant = (value: Value): Expression => {
  if (isUnit(value.unit, "percent")) return call("Divide", value.expression, integer(100));
  return isUnit(value.unit, "degree") ? call("Degrees", value.expression) : value.expression;
};

/** A sign (% or °) on one side only: the number it means always counts, the bare number unless units are kept. */
const compareSigned = (gold: Value, given: Value, options: ResolvedMathOptions): Comparison => {
  const raw = compareExpressions(gold.expression, given.expression, options);
  if (raw.equal && options.units === "ignored") return { ...raw, how: `${raw.how}; sign ignored` };
  const angle = isUnit(gold.unit, "degree") || isUnit(given.unit, "degree");
  const plain = gold.unit === null || isUnit(gold.unit, "radian") ? gold : given;
  if (angle && !mentions(plain.expression, "Pi") && !isUnit(plain.unit, "radian"))
    return { equal: false, how: raw.how };
  const converted = compareExpressions(meant(gold), meant(given), options);
  return { ...converted, how: `${converted.how}; sign converted` };
};

/** Whether two values are the same quantity under the options. */
export const compareValues = (gold: Value, given: Value, options: ResolvedMathOptions): Comparison => {
  const signed = [gold, given].filter((side) => isUnit(side.unit, "percent") || isUnit(side.unit, "degree"));
  const other = signed[0] === gold ? given : gold;
  if (signed.length === 1 && (other.unit === null || isUnit(other.unit, "radian")))
    return compareSigned(gold, given, options);
  const relation = relateUnits(gold.unit, given.unit, options.units === "kept");
  if (relation === "conflict") return { equal: false, how: "units that contradict each other" };
  if (relation === "any" || equals(relation, fromInteger(1)))
    return compareExpressions(gold.expression, given.expression, options);
  const converted = compareExpressions(
    gold.expression,
    call("Multiply", number(relation), given.expression),
    options,
  );
  return { ...converted, how: `${converted.how}; units converted` };
};
