/** Changes of a gold answer that change its value, found by the shape of its text. */
import type { Variant } from "./pair.ts";
import type { Random } from "./random.ts";
import { readBracketed, readList } from "./read-gold.ts";

type Rule = (gold: string, random: Random) => Variant[];

/** The part in which every digit carries value: units may hold digits too (`cm^2`). */
function valuePart(gold: string): string {
  const unit = gold.search(/\\(text|mbox)/);
  return unit > 0 ? gold.slice(0, unit) : gold;
}

/** One digit becomes another; never to zero, which could make a denominator vanish or a term drop out. */
const digit: Rule = (gold, random) => {
  // An exact value with its approximation: which of the two a digit belongs to would matter.
  if (gold.includes("\\approx")) return [];
  const value = valuePart(gold);
  const places = [...value.matchAll(/\d/g)].map((match) => match.index);
  return random.sample(places, 2).map((place) => {
    const others = "123456789".replace(value[place] ?? "", "");
    return {
      rule: "digit changed",
      text: gold.slice(0, place) + random.pick([...others]) + gold.slice(place + 1),
    };
  });
};

/** Off by one, by ten, and a digit more: what wrong arithmetic looks like. */
const integer: Rule = (gold, random) => {
  const match = /^(-?)(\d+)$/.exec(gold);
  if (!match) return [];
  const value = BigInt(gold);
  const variants = [
    { rule: "off by one", text: String(value + (random.next() < 0.5 ? 1n : -1n)) },
    { rule: "ten times", text: value === 0n ? "10" : `${value}0` },
    { rule: "a half more", text: `${gold}.5` },
    { rule: "a little more", text: `${gold}.001` },
    { rule: "as exponent", text: value > 1n ? `${gold}^2` : "7^2" },
    { rule: "with a variable", text: value === 0n ? "x" : `${gold}x` },
    { rule: "two candidates", text: `${gold}, ${value + 1n}` },
    { rule: "either or", text: `${value + 2n} \\text{ or } ${gold}` },
    { rule: "reciprocal", text: value > 1n || value < -1n ? `\\frac{1}{${gold}}` : "\\frac{1}{3}" },
  ];
  if (value !== 0n) variants.push({ rule: "sign flipped", text: String(-value) });
  return variants;
};

const sign: Rule = (gold) => {
  if (
    /^-?0+$/.test(gold) ||
    !/^-?\s*(\\[dt]?frac|\d|\\sqrt|\.)/.test(gold) ||
    /[,=_+]|\\pm|\\times|[^ ]\s*-|\\text|\\mbox/.test(gold)
  )
    return [];
  return [{ rule: "sign flipped", text: gold.startsWith("-") ? gold.slice(1).trim() : `-${gold}` }];
};

const fraction: Rule = (gold) => {
  const match = /^(-?)\\d?frac\{(\d+)\}\{(\d+)\}$/.exec(gold);
  if (!match) return [];
  const [, minus = "", top = "", bottom = ""] = match;
  const variants: Variant[] = [];
  if (top !== bottom) variants.push({ rule: "fraction inverted", text: `${minus}\\frac{${bottom}}{${top}}` });
  const value = Number(top) / Number(bottom);
  for (const places of [2, 4]) {
    const rounded = value.toFixed(places);
    if (Math.abs(Number(rounded) - value) > 1e-7)
      variants.push({ rule: `rounded to ${places} places`, text: minus + rounded });
  }
  variants.push({ rule: "only the numerator", text: minus + top });
  return Number(bottom) === 1 ? [] : variants;
};

const radical: Rule = (gold) => {
  const variants: Variant[] = [];
  if (/^\d*\s*\\sqrt\{\d+\}$/.test(gold)) {
    const [outer = "", inner = ""] =
      gold.match(/\d+/g)?.length === 2 ? (gold.match(/\d+/g) ?? []) : ["1", gold.match(/\d+/)?.[0] ?? ""];
    const value = Number(outer) * Math.sqrt(Number(inner));
    variants.push(
      { rule: "root lost", text: gold.replace(/\\sqrt\{(\d+)\}/, (_, digits: string) => `(${digits})`) },
      { rule: "cube root", text: gold.replace("\\sqrt", "\\sqrt[3]") },
      { rule: "rounded to 3 places", text: value.toFixed(3) },
    );
  }
  if (/^\d*\s*\\pi$/.test(gold)) {
    const factor = Number(/^\d*/.exec(gold)?.[0] || 1);
    variants.push(
      { rule: "π lost", text: String(factor) },
      { rule: "π squared", text: `${gold}^2` },
      { rule: "rounded to 2 places", text: (factor * Math.PI).toFixed(2) },
    );
  }
  return variants;
};

const brackets: Rule = (gold) => {
  const read = readBracketed(gold);
  if (!read) return [];
  const { open, close, parts } = read;
  const [low = "", high = ""] = parts;
  const variants: Variant[] = [
    { rule: "part dropped", text: `${open}${parts.slice(0, -1).join(", ")}${close}` },
    { rule: "part added", text: `${open}${[...parts, "17"].join(", ")}${close}` },
    { rule: "brackets lost, one part", text: parts[0] ?? "" },
  ];
  if (new Set(parts).size > 1 && parts.length < 4) {
    variants.push({ rule: "parts turned", text: `${open}${[...parts].reverse().join(", ")}${close}` });
    if (parts[0] === parts.at(-1)) variants.pop();
  }
  if (parts.length === 2 && !low.includes("infty")) {
    variants.push({ rule: "left bracket", text: `${open === "(" ? "[" : "("}${low}, ${high}${close}` });
  }
  if (parts.length === 2 && !high.includes("infty")) {
    variants.push({ rule: "right bracket", text: `${open}${low}, ${high}${close === ")" ? "]" : ")"}` });
  }
  return variants;
};

const list: Rule = (gold) => {
  const parts = readList(gold);
  if (!parts) return [];
  return [
    { rule: "element dropped", text: parts.slice(1).join(", ") },
    { rule: "element added", text: [...parts, "91"].join(", ") },
    { rule: "element negated", text: [...parts.slice(0, -1), `-(${parts.at(-1)})`].join(", ") },
  ];
};

const choice: Rule = (gold, random) => {
  const match = /^\\text\{\(([A-E])\)\}$/.exec(gold);
  if (!match) return [];
  const other = random.pick([..."ABCDE".replace(match[1] ?? "", "")]);
  return [`\\text{(${other})}`, other, `(${other})`, "ABCDE", `(${match[1]}) and (${other})`].map((text) => ({
    rule: "another choice",
    text,
  }));
};

const words: Rule = (gold) => {
  const match = /^\\text\{([A-Za-z]{2,})\}$/.exec(gold);
  if (!match) return [];
  const word = match[1] ?? "";
  return [`\\text{${word}s}`, `\\text{not ${word}}`, "\\text{Alexander}", `\\text{${word.slice(1)}}`].map(
    (text) => ({
      rule: "another word",
      text,
    }),
  );
};

const replacements: readonly [RegExp, string, string][] = [
  [/\\cup/, "\\cap", "union to intersection"],
  [/\\pm/, "+", "± to +"],
  [/_\{?8\}?$/, "_7", "another base"],
  [/\^\\circ$/, "\\pi", "degrees to π"],
  [/(?<![a-z])i$/, "", "i lost"],
  [/\\pi$/, "\\pi^3", "π cubed"],
  [/^y = /, "y = -", "right side negated"],
  [/^x=/, "y = 1 + ", "another assignment"],
  [/\\cot/, "\\tan", "another function"],
];

const replace: Rule = (gold) =>
  replacements
    .filter(([pattern]) => pattern.test(gold))
    .map(([pattern, by, rule]) => ({ rule, text: gold.replace(pattern, () => by) }));

const rules: readonly Rule[] = [
  digit,
  integer,
  sign,
  fraction,
  radical,
  brackets,
  list,
  choice,
  words,
  replace,
];

/** Every change of value that the text's shape allows, without repeats. */
export function mutateGold(gold: string, random: Random): Variant[] {
  const seen = new Set([gold]);
  return rules
    .flatMap((rule) => rule(gold, random))
    .filter(({ text }) => text.trim() !== "" && !seen.has(text) && seen.add(text));
}
