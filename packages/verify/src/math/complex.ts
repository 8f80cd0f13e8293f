/** Complex arithmetic on doubles, enough to sample elementary functions; principal branches. */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const complex = (re: number, im = 0): Complex => ({ re, im });
export const addComplex = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const subtractComplex = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });

export const multiplyComplex = (a: Complex, b: Complex): Complex =>
  a.im === 0 && b.im === 0
    ? complex(a.re * b.re)
    : { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };

export const divideComplex = (a: Complex, b: Complex): Complex => {
  if (b.im === 0) return { re: a.re / b.re, im: a.im === 0 ? 0 : a.im / b.re };
  const scale = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / scale, im: (a.im * b.re - a.re * b.im) / scale };
};

export const magnitude = (a: Complex): number => (a.im === 0 ? Math.abs(a.re) : Math.hypot(a.re, a.im));

export const isFiniteComplex = (a: Complex): boolean => Number.isFinite(a.re) && Number.isFinite(a.im);

export const exponential = (a: Complex): Complex => {
  const scale = Math.exp(a.re);
  return a.im === 0 ? complex(scale) : { re: scale * Math.cos(a.im), im: scale * Math.sin(a.im) };
};

/** Principal logarithm; the argument of a negative real is π. */
export const logarithm = (a: Complex): Complex =>
  a.im === 0 && a.re > 0
    ? complex(Math.log(a.re))
    : { re: Math.log(magnitude(a)), im: Math.atan2(a.im === 0 ? 0 : a.im, a.re) };

export const squareRoot = (a: Complex): Complex => {
  if (a.im === 0) return a.re >= 0 ? complex(Math.sqrt(a.re)) : { re: 0, im: Math.sqrt(-a.re) };
  const size = magnitude(a);
  const re = Math.sqrt((size + a.re) / 2);
  return { re, im: Math.sign(a.im) * Math.sqrt((size - a.re) / 2) };
};

/** `a ** n` for an integer n by repeated squaring: no branch, no rounding from logarithms. */
export const integerPower = (a: Complex, exponent: number): Complex => {
  if (a.im === 0) return complex(a.re ** exponent);
  let [result, base, count] = [complex(1), a, Math.abs(exponent)];
  while (count > 0) {
    if (count % 2 === 1) result = multiplyComplex(result, base);
    base = multiplyComplex(base, base);
    count = Math.floor(count / 2);
  }
  return exponent < 0 ? divideComplex(complex(1), result) : result;
};

export const sine = (a: Complex): Complex =>
  a.im === 0
    ? complex(Math.sin(a.re))
    : { re: Math.sin(a.re) * Math.cosh(a.im), im: Math.cos(a.re) * Math.sinh(a.im) };

export const cosine = (a: Complex): Complex =>
  a.im === 0
    ? complex(Math.cos(a.re))
    : { re: Math.cos(a.re) * Math.cosh(a.im), im: -Math.sin(a.re) * Math.sinh(a.im) };
