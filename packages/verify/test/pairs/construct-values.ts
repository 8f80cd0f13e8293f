/** Numbers, function values and letters made from their parts, with equal and changed forms by construction. */
import type { Family } from "./construct-algebra.ts";
import { term } from "./construct-algebra.ts";
import { greatestCommonDivisor } from "./pair.ts";
import { rewriteFraction, rewriteInteger, rewriteRadical } from "./rewrite-number.ts";

const squareFree = [2, 3, 5, 6, 7, 10, 11, 13, 14, 15, 17, 19];

const fractions: Family = (random) => {
  const denominator = random.pick([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 25, 40, 99]);
  const first = random.integer(1, 60);
  const common = greatestCommonDivisor(first, denominator);
  const [top, bottom] = [first / common, denominator / common];
  if (bottom === 1) return fractions(random);
  const sign = random.pick(["", "", "-"]);
  return {
    family: "fraction",
    gold: `${sign}\\frac{${top}}{${bottom}}`,
    right: rewriteFraction(sign, top, bottom, random),
    wrong: [
      { rule: "numerator", text: `${sign}\\frac{${top + 1}}{${bottom}}` },
      { rule: "denominator", text: `${sign}\\frac{${top}}{${bottom + 1}}` },
      { rule: "sign", text: `${sign === "" ? "-" : ""}\\frac{${top}}{${bottom}}` },
      { rule: "mixed misread", text: `${sign}${top}\\frac{1}{${bottom}}` },
      { rule: "digits joined", text: `${sign}${top}${bottom}` },
      { rule: "as list", text: `${sign}${top}, ${bottom}` },
      { rule: "rounded", text: sign + (top / bottom + 0.0016).toFixed(3) },
    ].filter(({ rule }) => rule !== "mixed misread" || top !== 1),
  };
};

const integers: Family = (random) => {
  const value = random.integer(11, 10 ** random.integer(2, 9));
  const sign = random.pick(["", "", "-"]);
  return {
    family: "integer",
    gold: `${sign}${value}`,
    right: rewriteInteger(sign, String(value), random),
    wrong: [
      { rule: "off by one", text: `${sign}${value + 1}` },
      { rule: "decimal point", text: `${sign}${value / 10}` },
      {
        rule: "digits turned",
        text: `${sign}${String(value).slice(0, -2)}${(Number(String(value).slice(-2)) + 7) % 100}`.replace(
          /(\d)$/,
          (last) => last,
        ),
      },
      { rule: "a percent", text: `${sign}${value / 100}` },
      { rule: "power", text: `${sign}${value}^{2}` },
      { rule: "factorial", text: `${sign}${(value % 20) + 3}!` },
      { rule: "inequality", text: `x > ${sign}${value}` },
    ].filter(
      ({ rule, text }) => rule !== "factorial" || ![6, 24, 120, 720].includes(value) || text.length > 9,
    ),
  };
};

const percents: Family = (random) => {
  const value = random.pick([5, 12, 20, 25, 37.5, 40, 62.5, 75, 80, 150]);
  return {
    family: "percent",
    gold: `${value}\\%`,
    right: [
      `${value}%`,
      `${value} \\%`,
      `${value}\\text{ percent}`,
      `${value} percent`,
      `${value}.0\\%`.replace(/(\.\d)\.0/, "$1"),
    ].map((text) => ({ rule: "percent sign", text })),
    wrong: [
      { rule: "per mille", text: `${value / 1000}` },
      { rule: "ten times", text: `${value * 10}\\%` },
      { rule: "plus one", text: `${value + 1}\\%` },
      { rule: "a hundred times", text: `${value * 100}` },
    ],
  };
};

const radicals: Family = (random) => {
  const [outer, inner] = [random.integer(1, 12), random.pick(squareFree)];
  const head = outer === 1 ? "" : outer;
  return {
    family: "radical",
    gold: `${head}\\sqrt{${inner}}`,
    right: rewriteRadical("", outer, inner, random),
    wrong: [
      { rule: "inside", text: `${head}\\sqrt{${inner + 1}}` },
      { rule: "outside", text: `${outer + 1}\\sqrt{${inner}}` },
      { rule: "root lost", text: String(outer * inner) },
      { rule: "taken in", text: `\\sqrt{${(outer + 1) * inner}}` },
      { rule: "±", text: `\\pm ${head}\\sqrt{${inner}}` },
      { rule: "rounded", text: (outer * Math.sqrt(inner)).toFixed(2) },
      { rule: "squared", text: String(outer * outer * inner) },
    ].filter(({ rule }) => outer > 1 || rule !== "taken in"),
  };
};

const surds: Family = (random) => {
  const [a, b, c, d] = [
    random.integer(1, 9),
    random.integer(1, 6),
    random.pick(squareFree),
    random.integer(2, 7),
  ];
  const root = `${b === 1 ? "" : b}\\sqrt{${c}}`;
  return {
    family: "surd",
    gold: `\\frac{${a} + ${root}}{${d}}`,
    right: [
      { rule: "split", text: `\\frac{${a}}{${d}} + \\frac{${root}}{${d}}` },
      { rule: "turned", text: `\\frac{${root} + ${a}}{${d}}` },
      { rule: "slash", text: `(${a} + ${root})/${d}` },
      { rule: "factor in front", text: `\\frac{1}{${d}}\\left(${a} + ${root}\\right)` },
      { rule: "unreduced", text: `\\frac{${3 * a} + ${3 * b}\\sqrt{${c}}}{${3 * d}}` },
      { rule: "inside", text: `\\frac{${a} + \\sqrt{${b * b * c}}}{${d}}` },
      ...(a * a === b * b * c
        ? []
        : [{ rule: "conjugate", text: `\\frac{${a * a - b * b * c}}{${d}(${a} - ${root})}` }]),
    ],
    wrong: [
      { rule: "conjugate sign", text: `\\frac{${a} - ${root}}{${d}}` },
      { rule: "numerator", text: `\\frac{${a + 1} + ${root}}{${d}}` },
      { rule: "denominator", text: `\\frac{${a} + ${root}}{${d + 1}}` },
      { rule: "precedence lost", text: `${a} + ${root}/${d}` },
      { rule: "rounded", text: ((a + b * Math.sqrt(c)) / d).toFixed(3) },
    ],
  };
};

const complexes: Family = (random) => {
  const [a, b] = [random.integer(1, 20) * random.pick([1, -1]), random.integer(1, 20) * random.pick([1, -1])];
  return {
    family: "complex",
    gold: `${a}${term(b, "i")}`,
    right: [
      { rule: "turned", text: `${term(b, "i", true)}${term(a, "")}` },
      { rule: "tight", text: `${a}${term(b, "i")}`.replaceAll(" ", "") },
      { rule: "\\cdot i", text: `${a} + (${b}) \\cdot i` },
      { rule: "assignment", text: `z = ${a}${term(b, "i")}` },
      { rule: "product with i", text: `i(${b} - (${a})i)` },
      { rule: "\\mathrm{i}", text: `${a}${term(b, "\\mathrm{i}")}` },
    ],
    wrong: [
      { rule: "conjugate", text: `${a}${term(-b, "i")}` },
      { rule: "i lost", text: `${a}${term(b, "")}` },
      { rule: "parts swapped", text: a === b ? `${a + 1}${term(b, "i")}` : `${b}${term(a, "i")}` },
      { rule: "negated", text: `${-a}${term(-b, "i")}` },
      { rule: "as a point", text: `(${a}, ${b})` },
    ],
  };
};

/** Values under functions whose results are known exactly. */
const functions: Family = (random) => {
  const n = random.integer(2, 6);
  const base = random.integer(2, 7);
  const factorial = [1, 1, 2, 6, 24, 120, 720][n] ?? 1;
  const choose = (n * (n - 1)) / 2;
  const [gold, forms] = random.pick<[string, string[]]>([
    [String(base ** n), [`${base}^{${n}}`, `${base}^${n}`, `(${base})^{${n}}`]],
    [
      String(n),
      [
        `\\log_{${base}} ${base ** n}`,
        `\\log_${base}{${base ** n}}`,
        `\\ln e^{${n}}`,
        `\\sqrt[3]{${n ** 3}}`,
        `|-${n}|`,
        `\\left|${-n}\\right|`,
      ],
    ],
    [String(factorial), [`${n}!`, `${n} \\cdot ${factorial / n}`]],
    [String(choose), [`\\binom{${n}}{2}`, `\\dbinom{${n}}{2}`]],
    [
      "\\frac{\\sqrt{3}}{2}",
      [
        "\\sin 60^\\circ",
        "\\cos \\frac{\\pi}{6}",
        "\\sin(\\pi/3)",
        "\\sqrt{3}/2",
        "\\frac{3}{2\\sqrt{3}}",
        "\\sqrt{\\frac{3}{4}}",
      ],
    ],
    [
      `\\frac{${n}\\pi}{${base}}`,
      [`\\frac{${n}}{${base}}\\pi`, `${n}\\pi/${base}`, `\\frac{${2 * n}π}{${2 * base}}`],
    ],
    [`e^{${n}}`, [`\\exp(${n})`, `e^{${n - 1}} \\cdot e`, `(e^{${n}})`, `\\frac{e^{${n + 1}}}{e}`]],
  ]);
  return {
    family: "function value",
    gold,
    right: forms.map((text) => ({ rule: "evaluated form", text })),
    wrong: [
      { rule: "power off", text: `${base + 7}^{${n}} + 1/7` },
      { rule: "logarithm off", text: `\\log_{${base}} ${base ** n + 1}` },
      { rule: "factorial off", text: `${n + 4}!` },
      { rule: "binomial off", text: `\\binom{${n + 9}}{3}` },
      { rule: "sine off", text: "\\sin 61^\\circ" },
      { rule: "π off", text: `\\frac{${n + 11}\\pi}{${base}}` },
      { rule: "e off", text: `e^{-${n}}` },
    ],
  };
};

const bases: Family = (random) => {
  const base = random.integer(2, 9);
  const value = random.integer(30, 4000);
  const digits = value.toString(base);
  return {
    family: "number base",
    gold: `${digits}_{${base}}`,
    right: [
      `${digits}_${base}`,
      `(${digits})_{${base}}`,
      `${digits}_{(${base})}`,
      `\\text{${digits}}_{${base}}`,
    ].map((text) => ({ rule: "subscript", text })),
    wrong: [
      { rule: "digit", text: `${(value + 1).toString(base)}_{${base}}` },
      { rule: "base", text: `${digits}_{${base + 1}}` },
      { rule: "turned value", text: `${(value + base).toString(base)}_${base}` },
    ],
  };
};

const choices: Family = (random) => {
  const letter = random.pick([..."ABCDE"]);
  const other = random.pick([..."ABCDE".replace(letter, "")]);
  return {
    family: "choice",
    gold: letter,
    right: [
      `(${letter})`,
      `\\text{${letter}}`,
      `\\textbf{(${letter})}`,
      `\\mathrm{${letter}}`,
      `${letter}.`,
      `\\text{(${letter})}`,
    ].map((text) => ({ rule: "letter", text })),
    wrong: [
      other,
      `(${other})`,
      `\\text{${other}}`,
      `${letter}${other}`,
      `${letter}, ${other}`,
      `\\text{${letter} or ${other}}`,
    ].map((text) => ({ rule: "letter", text })),
  };
};

export const valueFamilies: readonly Family[] = [
  fractions,
  integers,
  percents,
  radicals,
  surds,
  complexes,
  functions,
  bases,
  choices,
];
