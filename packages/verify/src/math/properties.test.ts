/** Properties over generated answers: an equivalent rewriting stays correct, a changed value becomes wrong. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { areEquivalent } from "./are-equivalent.ts";

const CASES = 60;

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
const makeRandom = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

type Random = (below: number) => number;
/** One answer, other spellings of it, and answers of another value. */
interface Family {
  readonly gold: string;
  readonly same: readonly string[];
  readonly other: readonly string[];
}

const signed = (value: number): string => (value < 0 ? `- ${-value}` : `+ ${value}`);

const integerFamily = (random: Random): Family => {
  const value = 1_000 + random(9_000_000);
  const grouped = value.toLocaleString("en-US");
  return {
    gold: `${value}`,
    same: [
      grouped,
      grouped.replaceAll(",", "{,}"),
      grouped.replaceAll(",", ",\\!"),
      grouped.replaceAll(",", "\\,"),
      grouped.replaceAll(",", " "),
      `${value}.00`,
      `\\text{${value}}`,
      `x = ${value}`,
      `\\$${grouped}`,
      `${value} \\text{ units}`,
      `\\frac{${2 * value}}{2}`,
      `${value - 7} + 7`,
    ],
    other: [
      `${value + 1}`,
      `-${value}`,
      `${value}0`,
      `${value}.5`,
      `\\frac{${value}}{2}`,
      `${value}, ${value + 1}`,
    ],
  };
};

const fractionFamily = (random: Random): Family => {
  const [bottom, top] = [2 + random(40), 1 + random(200)];
  const whole = Math.floor(top / bottom);
  const rest = top % bottom;
  const mixed =
    whole > 0 && rest > 0 ? [`${whole}\\frac{${rest}}{${bottom}}`, `${whole} ${rest}/${bottom}`] : [];
  return {
    gold: `\\frac{${top}}{${bottom}}`,
    same: [
      `\\dfrac{${top}}{${bottom}}`,
      `${top}/${bottom}`,
      `\\frac{${3 * top}}{${3 * bottom}}`,
      `-\\frac{-${top}}{${bottom}}`,
      `\\left(\\frac{${bottom}}{${top}}\\right)^{-1}`,
      ...mixed,
    ],
    other: [
      `\\frac{${top + 1}}{${bottom}}`,
      `\\frac{${top}}{${bottom + 1}}`,
      `-\\frac{${top}}{${bottom}}`,
      `${(top / bottom + 0.0001).toFixed(4)}`,
    ],
  };
};

const polynomialFamily = (random: Random): Family => {
  const [a, b, c, d] = [1 + random(9), random(19) - 9, 1 + random(9), random(19) - 9];
  const [square, linear, constant] = [a * c, a * d + b * c, b * d];
  return {
    gold: `(${a}x ${signed(b)})(${c}x ${signed(d)})`,
    same: [
      `${square}x^2 ${signed(linear)}x ${signed(constant)}`,
      `${constant} ${signed(linear)}x + ${square}x^{2}`,
      `\\left(${c}x ${signed(d)}\\right)\\cdot\\left(${a}x ${signed(b)}\\right)`,
      `y = ${square}x^2 ${signed(linear)}x ${signed(constant)}`,
      `${square}*x**2 ${signed(linear)}*x ${signed(constant)}`,
    ],
    other: [
      `${square}x^2 ${signed(linear)}x ${signed(constant + 1)}`,
      `${square}x^2 ${signed(linear + 1)}x ${signed(constant)}`,
      `${square}x^3 ${signed(linear)}x ${signed(constant)}`,
      `${square}t^2 ${signed(linear + 1)}t ${signed(constant)}`,
    ],
  };
};

const radicalFamily = (random: Random): Family => {
  const root = [2, 3, 5, 6, 7, 10, 11, 13, 101, 103, 1009][random(11)] ?? 2;
  const [factor, term] = [2 + random(12), 1 + random(30)];
  return {
    gold: `${term} + ${factor}\\sqrt{${root}}`,
    same: [
      `${factor}\\sqrt{${root}} + ${term}`,
      `\\sqrt{${factor * factor * root}} + ${term}`,
      `${term} + ${factor}\\cdot ${root}^{1/2}`,
      `${term}+${factor}√${root}`,
      `\\frac{${2 * term} + \\sqrt{${4 * factor * factor * root}}}{2}`,
      `\\frac{${term * term} - ${factor * factor * root}}{${term} - ${factor}\\sqrt{${root}}}`,
    ],
    other: [
      `${term} - ${factor}\\sqrt{${root}}`,
      `${term} + ${factor + 1}\\sqrt{${root}}`,
      `${term} + ${factor}\\sqrt{${root + 1}}`,
      `${term + factor * Math.sqrt(root)}`,
    ],
  };
};

const collectionFamily = (random: Random): Family => {
  const first = random(50) - 25;
  const values = [first, first + 1 + random(9), first + 11 + random(9)];
  const [a, b, c] = values;
  return {
    gold: `\\{${a}, ${b}, ${c}\\}`,
    same: [
      `\\{${c}, ${a}, ${b}\\}`,
      `${b}, ${c}, ${a}`,
      `x = ${a}, ${b} \\text{ or } ${c}`,
      `\\{${a}, ${a}, ${b}, ${c}\\}`,
    ],
    other: [
      `\\{${a}, ${b}\\}`,
      `\\{${a}, ${b}, ${c}, ${Number(c) + 1}\\}`,
      `(${a}, ${b}, ${c})`,
      `${a}`,
      `\\{${a}, ${b}, ${Number(c) + 1}\\}`,
    ],
  };
};

const intervalFamily = (random: Random): Family => {
  const low = random(40) - 20;
  const high = low + 1 + random(20);
  return {
    gold: `[${low}, ${high})`,
    same: [
      `\\left[${low},${high}\\right)`,
      `${low} \\le x < ${high}`,
      `${high} > x \\geq ${low}`,
      `x \\in [${low}, ${high})`,
      `x \\ge ${low} \\text{ and } x < ${high}`,
      `[${low}, ${high - 0.5}] \\cup (${high - 0.75}, ${high})`,
    ],
    other: [
      `(${low}, ${high})`,
      `[${low}, ${high}]`,
      `[${low}, ${high + 1})`,
      `(${low}, ${high}]`,
      `x \\ge ${low}`,
      `[${low}, \\infty)`,
    ],
  };
};

const lineFamily = (random: Random): Family => {
  const [slope, offset] = [2 + random(9), 1 + random(20)];
  return {
    gold: `y = ${slope}x + ${offset}`,
    same: [
      `${slope}x + ${offset}`,
      `${slope}x - y + ${offset} = 0`,
      `${3 * slope}x + ${3 * offset} = 3y`,
      `y - ${offset} = ${slope}x`,
      `${slope}x + ${offset} = y`,
    ],
    other: [
      `y = ${slope}x - ${offset}`,
      `${slope}x + y + ${offset} = 0`,
      `x = ${slope}y + ${offset}`,
      `y = ${slope + 1}x + ${offset}`,
      `y > ${slope}x + ${offset}`,
    ],
  };
};

const complexFamily = (random: Random): Family => {
  const [re, im] = [1 + random(20), 1 + random(20)];
  return {
    gold: `${re} + ${im}i`,
    same: [
      `${im}i + ${re}`,
      `\\frac{${2 * re} + ${2 * im}i}{2}`,
      `${re} - ${im}i^3`,
      `\\frac{${re * re + im * im}}{${re} - ${im}i}`,
    ],
    other: [`${re} - ${im}i`, `${re} + ${im + 1}i`, `-${re} + ${im}i`, `${re + im}`, `(${re}, ${im + 1})`],
  };
};

const FAMILIES: Readonly<Record<string, (random: Random) => Family>> = {
  integers: integerFamily,
  fractions: fractionFamily,
  polynomials: polynomialFamily,
  radicals: radicalFamily,
  collections: collectionFamily,
  intervals: intervalFamily,
  lines: lineFamily,
  "complex numbers": complexFamily,
};

describe("generated answers", () => {
  for (const [name, makeFamily] of Object.entries(FAMILIES))
    it(name, () => {
      const random = makeRandom(20_250_120);
      const failed: string[] = [];
      for (let index = 0; index < CASES; index += 1) {
        const { gold, same, other } = makeFamily(random);
        for (const each of same)
          if (!areEquivalent(gold, each)) failed.push(`${gold}  should equal  ${each}`);
        for (const each of other)
          if (areEquivalent(gold, each)) failed.push(`${gold}  should not equal  ${each}`);
      }
      assert.deepEqual(failed, []);
    });
});
