/** Algebraic answers made from their parts, so that equal forms are equal and changed ones differ by construction. */
import type { Variant } from "./pair.ts";
import type { Random } from "./random.ts";

export interface Constructed {
  readonly family: string;
  readonly gold: string;
  readonly right: readonly Variant[];
  readonly wrong: readonly Variant[];
}

export type Family = (random: Random) => Constructed;

/** `+ 3x`, `- x`, and without the plus at the head of a sum; a zero coefficient gives nothing. */
export function term(coefficient: number, variable: string, first = false): string {
  if (coefficient === 0) return "";
  const size = Math.abs(coefficient);
  const body = variable === "" ? String(size) : `${size === 1 ? "" : size}${variable}`;
  if (first) return coefficient < 0 ? `-${body}` : body;
  return coefficient < 0 ? ` - ${body}` : ` + ${body}`;
}

/** A polynomial from its coefficients, the lowest power first. */
export function polynomial(coefficients: readonly number[], variable = "x", ascending = false): string {
  const terms = coefficients.map((coefficient, power) => ({
    coefficient,
    name: power === 0 ? "" : power === 1 ? variable : `${variable}^${power < 10 ? power : `{${power}}`}`,
  }));
  if (!ascending) terms.reverse();
  let text = "";
  for (const { coefficient, name } of terms) text += term(coefficient, name, text === "");
  return text === "" ? "0" : text;
}

function multiply(left: readonly number[], right: readonly number[]): number[] {
  const product = new Array<number>(left.length + right.length - 1).fill(0);
  left.forEach((a, i) => {
    right.forEach((b, j) => {
      product[i + j] = (product[i + j] ?? 0) + a * b;
    });
  });
  return product;
}

function bump(coefficients: readonly number[], random: Random): number[] {
  const place = random.integer(0, coefficients.length - 1);
  return coefficients.map((value, index) => (index === place ? value + random.pick([1, -1, 2]) : value));
}

const nonzero = (random: Random, size: number): number => random.integer(1, size) * random.pick([1, -1]);

const factored: Family = (random) => {
  const variable = random.pick(["x", "y", "t", "n", "a"]);
  const [a, b] = [nonzero(random, 9), nonzero(random, 9)];
  const [p, q] = [random.integer(1, 4), random.integer(1, 3)];
  const expanded = multiply([a, p], [b, q]);
  const [first, second] = [polynomial([a, p], variable), polynomial([b, q], variable)];
  const gold = `(${first})(${second})`;
  const off = bump(expanded, random);
  return {
    family: "factored",
    gold,
    right: [
      { rule: "expanded", text: polynomial(expanded, variable) },
      { rule: "expanded, ascending", text: polynomial(expanded, variable, true) },
      { rule: "factors swapped", text: `(${second})(${first})` },
      { rule: "\\left \\right, \\cdot", text: `\\left(${first}\\right) \\cdot \\left(${second}\\right)` },
      { rule: "ascending factors", text: `(${polynomial([a, p], variable, true)})(${second})` },
      {
        rule: "both negated",
        text: `(${polynomial([-a, -p], variable)})(${polynomial([-b, -q], variable)})`,
      },
      { rule: "completed", text: `${p * q}${variable}^2 + (${p * b + q * a})${variable} + (${a * b})` },
    ],
    wrong: [
      { rule: "a coefficient changed", text: polynomial(off, variable) },
      { rule: "a factor's sign", text: `(${polynomial([-a, p], variable)})(${second})` },
      { rule: "a factor lost", text: first },
      { rule: "a factor squared", text: `(${first})^2(${second})` },
      { rule: "another variable", text: polynomial(expanded, variable === "x" ? "z" : "x") },
      { rule: "set to zero", text: `${polynomial(off, variable)} = 0` },
    ],
  };
};

const expanded: Family = (random) => {
  const degree = random.integer(2, 5);
  const coefficients = Array.from({ length: degree + 1 }, () => random.integer(-9, 9));
  coefficients[degree] = nonzero(random, 5);
  coefficients[0] = nonzero(random, 9);
  const gold = polynomial(coefficients);
  const [constant = 0, ...rest] = coefficients;
  const lead = coefficients[degree] ?? 1;
  const powers = (shift: number): string =>
    coefficients
      .map((value, power) => (value === 0 ? "" : `(${value})x^{${power + (power > 1 ? shift : 0)}}`))
      .filter(Boolean)
      .join(" + ");
  return {
    family: "polynomial",
    gold,
    right: [
      { rule: "ascending", text: polynomial(coefficients, "x", true) },
      { rule: "tight", text: gold.replaceAll(" ", "") },
      { rule: "Horner's head", text: `x(${polynomial(rest)})${term(constant, "")}` },
      { rule: "assignment", text: `f(x) = ${gold}` },
      { rule: "y =", text: `y=${gold}` },
      { rule: "stars", text: gold.replace(/(\d)x/g, "$1*x") },
      { rule: "terms in full", text: powers(0) },
      { rule: "negated twice", text: `-(${polynomial(coefficients.map((value) => -value))})` },
    ],
    wrong: [
      { rule: "a coefficient changed", text: polynomial(bump(coefficients, random)) },
      { rule: "exponents changed", text: powers(1) },
      { rule: "constant lost", text: polynomial([0, ...rest]) },
      { rule: "negated", text: polynomial(coefficients.map((value) => -value)) },
      { rule: "leading term doubled", text: polynomial([...coefficients.slice(0, -1), lead * 2]) },
      { rule: "derivative-like", text: polynomial(coefficients.slice(1)) },
    ],
  };
};

const equation: Family = (random) => {
  const [a, b, c] = [random.integer(1, 9), nonzero(random, 9), nonzero(random, 9)];
  const scale = random.integer(2, 5);
  const left = `${term(a, "x", true)}${term(b, "y")}`;
  return {
    family: "linear equation",
    gold: `${left}${term(c, "")} = 0`,
    right: [
      { rule: "constant moved", text: `${left} = ${-c}` },
      { rule: "sides swapped", text: `0 = ${left}${term(c, "")}` },
      {
        rule: "scaled",
        text: `${term(a * scale, "x", true)}${term(b * scale, "y")}${term(c * scale, "")} = 0`,
      },
      { rule: "negated", text: `${term(-a, "x", true)}${term(-b, "y")}${term(-c, "")} = 0` },
      { rule: "solved", text: `${term(a, "x", true)} = ${term(-b, "y", true)}${term(-c, "")}` },
    ],
    wrong: [
      { rule: "constant changed", text: `${left}${term(c + (c === -1 ? 2 : 1), "")} = 0` },
      { rule: "sign of y", text: `${term(a, "x", true)}${term(-b, "y")}${term(c, "")} = 0` },
      { rule: "moved without sign", text: `${left} = ${c}` },
      { rule: "only a side", text: `${left}${term(c, "")} = 1` },
      { rule: "inequality", text: `${left}${term(c, "")} > 0` },
    ],
  };
};

const fractionOfPolynomials: Family = (random) => {
  const [a, b, k] = [nonzero(random, 7), random.integer(2, 9), random.integer(2, 5)];
  const top = polynomial([a, 1]);
  const bottom = polynomial([-b, 1]);
  const over = (numerator: string, denominator: string): string => `\\frac{${numerator}}{${denominator}}`;
  const difference = a + b;
  if (difference === 0) return fractionOfPolynomials(random);
  return {
    family: "rational function",
    gold: over(top, bottom),
    right: [
      { rule: "scaled", text: over(polynomial([a * k, k]), polynomial([-b * k, k])) },
      { rule: "negated both", text: over(polynomial([-a, -1]), polynomial([b, -1])) },
      { rule: "slash", text: `(${top})/(${bottom})` },
      {
        rule: "divided out",
        text: `1 ${difference < 0 ? "-" : "+"} ${over(String(Math.abs(difference)), bottom)}`,
      },
      { rule: "power -1", text: `(${top})(${bottom})^{-1}` },
    ],
    wrong: [
      { rule: "inverted", text: over(bottom, top) },
      { rule: "numerator changed", text: over(polynomial([a + 1, 1]), bottom) },
      { rule: "denominator's sign", text: over(top, polynomial([b, 1])) },
      { rule: "precedence lost", text: `${top}/${bottom}` },
      { rule: "negated", text: `-${over(top, bottom)}` },
    ],
  };
};

const twoVariables: Family = (random) => {
  const [a, b] = [random.integer(1, 6), nonzero(random, 6)];
  const square = `${term(a * a, "x^2", true)}${term(2 * a * b, "xy")}${term(b * b, "y^2")}`;
  const base = `${term(a, "x", true)}${term(b, "y")}`;
  return {
    family: "square of a binomial",
    gold: `(${base})^2`,
    right: [
      { rule: "expanded", text: square },
      { rule: "product", text: `(${base})(${base})` },
      { rule: "yx", text: square.replace("xy", "yx") },
      { rule: "negated base", text: `(${term(-a, "x", true)}${term(-b, "y")})^2` },
      { rule: "{} exponent", text: `\\left(${base}\\right)^{2}` },
    ],
    wrong: [
      { rule: "middle term lost", text: `${term(a * a, "x^2", true)}${term(b * b, "y^2")}` },
      {
        rule: "middle sign",
        text: `${term(a * a, "x^2", true)}${term(-2 * a * b, "xy")}${term(b * b, "y^2")}`,
      },
      { rule: "cubed", text: `(${base})^3` },
      { rule: "not squared", text: base },
      {
        rule: "variables swapped",
        text: `${term(a * a + 1, "x^2", true)}${term(2 * a * b, "xy")}${term(b * b, "y^2")}`,
      },
    ],
  };
};

const inequality: Family = (random) => {
  const bound = random.integer(-20, 20);
  const strict = random.next() < 0.5;
  const greater = random.next() < 0.5;
  const sign = greater ? (strict ? ">" : "\\ge") : strict ? "<" : "\\le";
  const turned = greater ? (strict ? "<" : "\\le") : strict ? ">" : "\\ge";
  const interval = greater
    ? `${strict ? "(" : "["}${bound}, \\infty)`
    : `(-\\infty, ${bound}${strict ? ")" : "]"}`;
  const other = greater
    ? `${strict ? "[" : "("}${bound}, \\infty)`
    : `(-\\infty, ${bound}${strict ? "]" : ")"}`;
  return {
    family: "inequality",
    gold: `x ${sign} ${bound}`,
    right: [
      { rule: "interval", text: interval },
      { rule: "membership", text: `x \\in ${interval}` },
      { rule: "turned", text: `${bound} ${turned} x` },
      { rule: "moved", text: bound < 0 ? `x + ${-bound} ${sign} 0` : `x - ${bound} ${sign} 0` },
      { rule: "scaled", text: `2x ${sign} ${2 * bound}` },
    ],
    wrong: [
      {
        rule: "strictness",
        text: `x ${sign === ">" ? "\\ge" : sign === "\\ge" ? ">" : sign === "<" ? "\\le" : "<"} ${bound}`,
      },
      { rule: "direction", text: `x ${turned} ${bound}` },
      { rule: "bound", text: `x ${sign} ${bound + 1}` },
      { rule: "interval's bracket", text: other },
      { rule: "equation", text: `x = ${bound}` },
      { rule: "bare bound", text: String(bound) },
    ],
  };
};

export const algebraFamilies: readonly Family[] = [
  factored,
  expanded,
  equation,
  fractionOfPolynomials,
  twoVariables,
  inequality,
];
