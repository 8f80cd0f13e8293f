/** The elementary functions on complex doubles that expressions may name. */

import {
  type Complex,
  complex,
  cosine,
  divideComplex,
  exponential,
  magnitude,
  multiplyComplex,
  sine,
} from "./complex.ts";

const MAXIMUM_FACTORIAL = 170;
const MAXIMUM_BINOMIAL = 1_000;
const NOT_A_NUMBER = complex(Number.NaN);

const real = (value: Complex, apply: (x: number) => number): Complex =>
  value.im === 0 ? complex(apply(value.re)) : NOT_A_NUMBER;

/** `n!` for whole n up to 170; the nearest whole number counts, for arguments arrive rounded. */
const factorial = (x: number): number => {
  const n = Math.round(x);
  if (Math.abs(x - n) > 1e-9 || n < 0 || n > MAXIMUM_FACTORIAL) return Number.NaN;
  let product = 1;
  for (let factor = 2; factor <= n; factor += 1) product *= factor;
  return product;
};

/** `n` over `k` for whole numbers up to 1,000. */
export const binomial = (top: Complex, bottom: Complex): Complex => {
  const [n, k] = [top.re, bottom.re];
  if (top.im !== 0 || bottom.im !== 0 || !Number.isInteger(n) || !Number.isInteger(k)) return NOT_A_NUMBER;
  if (n < 0 || k < 0 || n > MAXIMUM_BINOMIAL) return NOT_A_NUMBER;
  let value = 1;
  for (let index = 1; index <= Math.min(k, n - k); index += 1) value = (value * (n - index + 1)) / index;
  return complex(k > n ? 0 : Math.round(value));
};

/** Functions of one argument beyond the field operations, roots and logarithms. */
export const FUNCTIONS: Readonly<Record<string, (x: Complex) => Complex>> = {
  Exp: exponential,
  Sin: sine,
  Cos: cosine,
  Tan: (x) => divideComplex(sine(x), cosine(x)),
  Cot: (x) => divideComplex(cosine(x), sine(x)),
  Sec: (x) => divideComplex(complex(1), cosine(x)),
  Csc: (x) => divideComplex(complex(1), sine(x)),
  Arcsin: (x) => real(x, Math.asin),
  Arccos: (x) => real(x, Math.acos),
  Arctan: (x) => real(x, Math.atan),
  Sinh: (x) => real(x, Math.sinh),
  Cosh: (x) => real(x, Math.cosh),
  Tanh: (x) => real(x, Math.tanh),
  Abs: (x) => complex(magnitude(x)),
  Conjugate: (x) => ({ re: x.re, im: -x.im }),
  Degrees: (x) => multiplyComplex(x, complex(Math.PI / 180)),
  Factorial: (x) => real(x, factorial),
  Floor: (x) => real(x, Math.floor),
  Ceil: (x) => real(x, Math.ceil),
};

/** A fixed smooth stand-in for an unknown function, different for each name. */
export const unknownFunction = (name: string, x: Complex): Complex => {
  let seed = 0;
  for (const character of name) seed = (seed * 31 + (character.codePointAt(0) ?? 0)) % 1_009;
  return real(x, (value) => Math.sin(value * 1.37 + seed) + 0.31 * value + seed / 101);
};
