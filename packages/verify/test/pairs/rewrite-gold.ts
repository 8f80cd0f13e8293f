/** Equivalent rewritings of a gold answer as it stands in a data set, found by the shape of its text. */
import type { Variant } from "./pair.ts";
import type { Random } from "./random.ts";
import { readBracketed, readList } from "./read-gold.ts";
import { rewriteFraction, rewriteInteger, rewriteRadical } from "./rewrite-number.ts";

type Rule = (gold: string, random: Random) => Variant[];

const number: Rule = (gold, random) => {
  const match = /^(-?)(\d+)$/.exec(gold);
  return match ? rewriteInteger(match[1] ?? "", (match[2] ?? "").replace(/^0+(?=\d)/, ""), random) : [];
};

const grouped: Rule = (gold, random) => {
  if (!/^-?\d{1,3}(,(\\!\s*)?\d{3})+$/.test(gold)) return [];
  const digits = gold.replace(/[^\d]/g, "");
  return [{ rule: "thousands dropped", text: digits }, ...rewriteInteger("", digits, random)];
};

const fraction: Rule = (gold, random) => {
  const match = /^(-?)\\d?frac\s*(?:\{(-?\d+)\}|(\d))\s*(?:\{(\d+)\}|(\d+))$/.exec(gold);
  if (!match) return [];
  const numerator = Number(match[2] ?? match[3]);
  const negative = (match[1] === "-") !== numerator < 0;
  return rewriteFraction(negative ? "-" : "", Math.abs(numerator), Number(match[4] ?? match[5]), random);
};

const decimal: Rule = (gold, random) => {
  const match = /^(-?)(\d*)\.(\d+)$/.exec(gold);
  if (!match) return [];
  const [, sign = "", whole = "", places = ""] = match;
  const numerator = Number(whole + places);
  const scale = 10 ** places.length;
  return [
    { rule: "decimal, trailing zeros", text: `${gold}00` },
    ...rewriteFraction(sign, numerator, scale, random),
  ];
};

const radical: Rule = (gold, random) => {
  const match = /^(-?)(\d*)\s*\\sqrt(?:\{(\d+)\}|(\d))$/.exec(gold);
  if (!match) return [];
  return rewriteRadical(match[1] ?? "", Number(match[2] || 1), Number(match[3] ?? match[4]), random);
};

const pi: Rule = (gold) => {
  const match = /^(\d*)\s*\\pi$/.exec(gold);
  if (!match) return [];
  const factor = match[1] || "1";
  return [
    { rule: "π in Unicode", text: `${match[1]}π` },
    { rule: "π first", text: `\\pi \\cdot ${factor}` },
    { rule: "π, \\cdot", text: `${factor}\\cdot\\pi` },
    { rule: "π, plain", text: `${factor}*pi` },
    { rule: "π, unreduced", text: `\\frac{${Number(factor) * 6}\\pi}{6}` },
  ];
};

const degrees: Rule = (gold) => {
  const match = /^(\d+)\^\\circ$/.exec(gold);
  if (!match) return [];
  return ["°", "^{\\circ}", "", "\\text{ degrees}", "\\degree", " degrees"].map((unit) => ({
    rule: `degrees "${unit}"`,
    text: match[1] + unit,
  }));
};

const money: Rule = (gold) => {
  const match = /^\\\$(\d+)(\.\d+)?$/.exec(gold);
  if (!match) return [];
  const [, whole = "", places = ""] = match;
  const variants = [`${whole}${places}`, `\\$ ${whole}${places}`, `${whole}${places}\\text{ dollars}`];
  if (places.endsWith("0")) variants.push(`\\$${whole}${places.slice(0, -1)}`);
  return variants.map((text) => ({ rule: "currency", text }));
};

const choice: Rule = (gold) => {
  const match = /^\\text\{\(([A-E])\)\}$/.exec(gold);
  if (!match) return [];
  const letter = match[1] ?? "";
  const forms = [
    letter,
    `(${letter})`,
    `\\textbf{(${letter})}`,
    `\\text{${letter}}`,
    `\\mathrm{${letter}}`,
    `${letter}.`,
  ];
  return forms.map((text) => ({ rule: "choice letter", text }));
};

const words: Rule = (gold) => {
  const match = /^\\text\{([A-Za-z]{2,})\}$/.exec(gold);
  if (!match) return [];
  const word = match[1] ?? "";
  const forms = [
    word,
    `\\textbf{${word}}`,
    `\\mathrm{${word}}`,
    word.toLowerCase(),
    `\\text{ ${word} }`,
    `\\text{${word}.}`,
  ];
  return forms.map((text) => ({ rule: "words", text }));
};

const basis: Rule = (gold) => {
  const match = /^(\d+)_\{?(\d+)\}?$/.exec(gold);
  if (!match) return [];
  const [, digits, base] = match;
  return [`${digits}_{${base}}`, `${digits}_${base}`, `${digits}_{(${base})}`, `(${digits})_{${base}}`].map(
    (text) => ({
      rule: "number base",
      text,
    }),
  );
};

const brackets: Rule = (gold) => {
  const read = readBracketed(gold);
  if (!read) return [];
  const { open, close, parts } = read;
  const variants: Variant[] = [
    { rule: "brackets, tight", text: `${open}${parts.join(",")}${close}` },
    { rule: "brackets, spaced", text: `${open} ${parts.join(" , ")} ${close}` },
    { rule: "brackets, \\left \\right", text: `\\left${open}${parts.join(", ")}\\right${close}` },
    { rule: "brackets, \\big", text: `\\big${open}${parts.join(",\\ ")}\\big${close}` },
  ];
  if (open === "(" && close === ")" && !parts.some((part) => part.includes("infty"))) {
    variants.push({
      rule: "brackets, assignment",
      text: `(${["x", "y", "z", "w"].slice(0, parts.length).join(",")}) = (${parts.join(",")})`,
    });
  }
  const [low = "", high = ""] = parts;
  if (parts.length === 2 && (high === "\\infty" || low === "-\\infty")) {
    const text =
      high === "\\infty"
        ? `x ${open === "(" ? ">" : "\\geq"} ${low}`
        : `x ${close === ")" ? "<" : "\\le"} ${high}`;
    variants.push({ rule: "interval as inequality", text });
    if (high === "\\infty") variants.push({ rule: "+∞", text: `${open}${low}, +\\infty)` });
  } else if (
    parts.length === 2 &&
    (open === "[" || close === "]") &&
    !/[a-z]/.test(gold.replace(/\\[a-z]+/g, ""))
  ) {
    const left = open === "[" ? "\\le" : "<";
    const right = close === "]" ? "\\leq" : "<";
    variants.push({ rule: "interval as inequality", text: `${low} ${left} x ${right} ${high}` });
  }
  return variants;
};

const list: Rule = (gold, random) => {
  const parts = readList(gold);
  if (!parts) return [];
  const turned = [...parts].reverse();
  return [
    { rule: "list, reordered", text: turned.join(", ") },
    { rule: "list, tight", text: random.shuffle(parts).join(",") },
    { rule: "list with and", text: `${parts.slice(0, -1).join(", ")} \\text{ and } ${parts.at(-1)}` },
    { rule: "list as set", text: `\\{${turned.join(", ")}\\}` },
    { rule: "list as assignments", text: turned.map((part) => `x = ${part}`).join(", ") },
  ];
};

const union: Rule = (gold) => {
  const sides = gold.split("\\cup").map((side) => side.trim());
  if (sides.length !== 2) return [];
  return [
    { rule: "union, swapped", text: [...sides].reverse().join(" \\cup ") },
    { rule: "union, Unicode", text: sides.join(" ∪ ") },
  ];
};

const matrix: Rule = (gold) => {
  if (!gold.includes("pmatrix")) return [];
  return [
    { rule: "matrix, square", text: gold.replaceAll("pmatrix", "bmatrix") },
    { rule: "matrix, tight", text: gold.replace(/\s*(&|\\\\)\s*/g, "$1") },
    { rule: "matrix, \\frac", text: gold.replace(/(\d+)\/(\d+)/g, "\\frac{$1}{$2}") },
  ];
};

const complex: Rule = (gold) => {
  const match = /^(-?)\s*(\d+)\s*([+-])\s*(\d*)i$/.exec(gold);
  if (!match) return [];
  const [, sign = "", real = "", joint = "", imaginary = ""] = match;
  return [
    {
      rule: "complex, turned",
      text: `${joint === "-" ? "-" : ""}${imaginary}i ${sign === "-" ? "-" : "+"} ${real}`,
    },
    {
      rule: "complex, i first",
      text: `${sign}${real} ${joint} i ${imaginary === "" ? "" : `\\cdot ${imaginary}`}`,
    },
    { rule: "complex, assignment", text: `z = ${sign}${real}${joint}${imaginary}i` },
  ];
};

const plusMinus: Rule = (gold) => {
  const match = /^(\d+)\s*\\pm\s*(\d*\s*\\sqrt\{\d+\})$/.exec(gold);
  if (!match) return [];
  const [, centre, spread] = match;
  return [
    { rule: "± as two", text: `${centre} + ${spread}, ${centre} - ${spread}` },
    { rule: "± as two, turned", text: `${centre}-${spread} \\text{ and } ${centre}+${spread}` },
    { rule: "± as set", text: `\\{${centre} - ${spread}, ${centre} + ${spread}\\}` },
    { rule: "± in Unicode", text: `${centre} ± ${spread}` },
  ];
};

const equation: Rule = (gold) => {
  const sides = gold.split("=").map((side) => side.trim());
  if (sides.length !== 2 || /\\text|,|%/.test(gold)) return [];
  const [left = "", right = ""] = sides;
  return [
    { rule: "equation, sides swapped", text: `${right} = ${left}` },
    { rule: "equation, scaled", text: `3(${left}) = 3(${right})` },
    { rule: "equation, moved", text: right === "0" ? `0 = ${left}` : `${left} - (${right}) = 0` },
  ];
};

/** What any formula may wear without meaning anything else. */
const dress: Rule = (gold) => {
  const variants: Variant[] = [
    { rule: "as it stands", text: gold },
    { rule: "\\displaystyle", text: `\\displaystyle ${gold}` },
    { rule: "thin space", text: `\\, ${gold}\\;` },
    { rule: "full stop", text: `${gold}.` },
    { rule: "double backslashes", text: gold.replaceAll("\\", "\\\\") },
  ];
  // A doubled backslash before $ or in a matrix says something else.
  if (gold.includes("\\begin") || gold.includes("\\$")) variants.pop();
  if (gold.includes("\\frac"))
    variants.push({ rule: "\\dfrac inside", text: gold.replaceAll("\\frac", "\\dfrac") });
  if (!gold.includes("\\text") && !gold.includes("mbox") && / *[+=] */.test(gold)) {
    variants.push({ rule: "spaces at operators", text: gold.replace(/ *([+=]) */g, "  $1 ") });
  }
  return variants;
};

const rules: readonly Rule[] = [
  number,
  grouped,
  fraction,
  decimal,
  radical,
  pi,
  degrees,
  money,
  choice,
  words,
  basis,
  brackets,
  list,
  union,
  matrix,
  complex,
  plusMinus,
  equation,
  dress,
];

/** Every rewriting that the text's shape allows, without repeats. */
export function rewriteGold(gold: string, random: Random): Variant[] {
  const seen = new Set<string>();
  return rules.flatMap((rule) => rule(gold, random)).filter(({ text }) => !seen.has(text) && seen.add(text));
}
