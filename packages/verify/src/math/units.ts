/** Units of measure, currencies and signs beside a value: recognised, taken off, and compared. */

import { divide, fromInteger, makeRational, multiply, type Rational } from "./rational.ts";

/** `scale` is in the base unit of `dimension`; unknown words have the dimension "words:…" and scale 1. */
export interface Unit {
  readonly dimension: string;
  readonly scale: Rational;
}

const ratio = (top: number, bottom = 1): Rational =>
  makeRational(BigInt(top), BigInt(bottom)) ?? fromInteger(1);

/** name → [dimension, numerator, denominator of the scale]. Lengths in micrometres, so that an inch is whole. */
const UNITS: Readonly<Record<string, readonly [string, number, number?]>> = {
  mm: ["length", 1000],
  millimeter: ["length", 1000],
  millimetre: ["length", 1000],
  cm: ["length", 10000],
  centimeter: ["length", 10000],
  centimetre: ["length", 10000],
  dm: ["length", 100000],
  m: ["length", 1000000],
  meter: ["length", 1000000],
  metre: ["length", 1000000],
  km: ["length", 1000000000],
  kilometer: ["length", 1000000000],
  kilometre: ["length", 1000000000],
  in: ["length", 25400],
  inch: ["length", 25400],
  inches: ["length", 25400],
  ft: ["length", 304800],
  foot: ["length", 304800],
  feet: ["length", 304800],
  yd: ["length", 914400],
  yard: ["length", 914400],
  mi: ["length", 1609344000],
  mile: ["length", 1609344000],
  毫米: ["length", 1000],
  厘米: ["length", 10000],
  分米: ["length", 100000],
  米: ["length", 1000000],
  千米: ["length", 1000000000],
  公里: ["length", 1000000000],
  s: ["time", 1],
  sec: ["time", 1],
  second: ["time", 1],
  秒: ["time", 1],
  min: ["time", 60],
  minute: ["time", 60],
  分钟: ["time", 60],
  h: ["time", 3600],
  hr: ["time", 3600],
  hour: ["time", 3600],
  小时: ["time", 3600],
  day: ["time", 86400],
  天: ["time", 86400],
  week: ["time", 604800],
  周: ["time", 604800],
  mg: ["mass", 1],
  g: ["mass", 1000],
  gram: ["mass", 1000],
  克: ["mass", 1000],
  kg: ["mass", 1000000],
  kilogram: ["mass", 1000000],
  千克: ["mass", 1000000],
  公斤: ["mass", 1000000],
  oz: ["weight", 1],
  ounce: ["weight", 1],
  lb: ["weight", 16],
  pound: ["weight", 16],
  ml: ["capacity", 1],
  milliliter: ["capacity", 1],
  l: ["capacity", 1000],
  liter: ["capacity", 1000],
  litre: ["capacity", 1000],
  毫升: ["capacity", 1],
  升: ["capacity", 1000],
  cent: ["dollar", 1],
  dollar: ["dollar", 100],
  usd: ["dollar", 100],
  buck: ["dollar", 100],
  "\\$": ["dollar", 100],
  "¢": ["dollar", 1],
  euro: ["euro", 1],
  "\\euro": ["euro", 1],
  "\\pounds": ["sterling", 1],
  yuan: ["yuan", 1],
  rmb: ["yuan", 1],
  元: ["yuan", 1],
  "\\yen": ["yuan", 1],
  acre: ["acre", 1],
  degree: ["degree", 1],
  deg: ["degree", 1],
  度: ["degree", 1],
  radian: ["radian", 1],
  percent: ["percent", 1],
  mph: ["mph", 1],
  kph: ["kph", 1],
};

const POWERS: Readonly<Record<string, number>> = {
  square: 2,
  sq: 2,
  squared: 2,
  cubic: 3,
  cu: 3,
  cubed: 3,
  平方: 2,
  立方: 3,
};

const singular = (word: string): string =>
  UNITS[word] !== undefined || word.length < 3 || !word.endsWith("s") || word.endsWith("ss")
    ? word
    : word.slice(0, -1);

const raise = (scale: Rational, power: number): Rational => {
  let result = fromInteger(1);
  for (let index = 0; index < power; index += 1) result = multiply(result, scale) ?? result;
  return result;
};

/** The words of a unit: lower case, singular, without connectives, an exponent split off. */
const unitWords = (text: string): { words: string[]; power: number } => {
  const power = /\^ ?\{? ?([23])/.exec(text)?.[1];
  const cleaned = text
    .replace(/\\text ?\{|[{}]|\^ ?\{? ?\d|[.,;~()]/g, " ")
    .toLowerCase()
    .replace(/miles? (?:per|an) hour/, "mph")
    .replace(/(?:km|kilomet(?:er|re)s?) ?(?:per|\/) ?(?:hour|hr|h)/, "kph")
    .replace(/^(平方|立方)/, "$1 ");
  return {
    words: cleaned
      .split(" ")
      .filter((word) => word !== "")
      .map(singular),
    power: Number(power ?? 1),
  };
};

/** The unit a text such as `square inches`, `cm^2` or `right triangles` names; null for the empty text. */
export const parseUnit = (text: string): Unit | null => {
  const { words, power } = unitWords(text);
  const raised = words.reduce((found, word) => POWERS[word] ?? found, power);
  const rest = words.filter((word) => POWERS[word] === undefined);
  if (rest.length === 0) return null;
  const known = rest.length === 1 ? UNITS[rest[0] ?? ""] : undefined;
  if (known === undefined) return { dimension: `words:${rest.join(" ")}`, scale: fromInteger(1) };
  const [dimension, top, bottom] = known;
  return {
    dimension: raised === 1 ? dimension : `${dimension}^${raised}`,
    scale: raise(ratio(top, bottom), raised),
  };
};

export const PERCENT: Unit = { dimension: "percent", scale: fromInteger(1) };
export const DEGREE: Unit = { dimension: "degree", scale: fromInteger(1) };

const CURRENCY_PREFIX = /^([+-]?) ?(\\\$|\\euro|\\pounds|\\yen|USD|US ?\\\$) ?/;
const MODULUS = /\\pmod ?(?:\{ ?(\w{1,20}) ?\}|(\w))$|\( ?(?:\\bmod|\\mod|mod) ?\{? ?(\w{1,20}) ?\}? ?\)$/;
/** A unit at the end: `\text{ cm}^2`, or plain words of two letters and more after a value. */
const TEXT_SUFFIX = /((?:\\text ?\{[^{}]*\} ?)+)((?:\^ ?(?:\{ ?[23] ?\}|[23]))?)$/;
const PER_TEXT_SUFFIX = /\\text ?\{[^{}]*\} ?\/ ?\\text ?\{[^{}]*\}$/;
const WORD_SUFFIX = /(?<=[\d})\]] ?)((?: ?\b(?:[A-Za-z]{2,}|per)\b\.?){1,5})(?:\^ ?(\{ ?[23] ?\}|[23]))?$/;
const CHINESE_SUFFIX = /(?<=[\d})\]] ?)[\u4e00-\u9fff]{1,6}$/;
/** Number words that stand where a unit would: `5 million` is not 5. */
const MULTIPLIERS: Readonly<Record<string, string>> = {
  dozen: "12",
  hundred: "100",
  thousand: "1000",
  million: "10^6",
  billion: "10^9",
  trillion: "10^{12}",
  百: "100",
  千: "1000",
  万: "10^4",
  亿: "10^8",
};

/** Words that are no unit: taking them off would change what is claimed. */
const MEANINGFUL =
  /(?:^|[^a-z])(?:not|no|or|and|without|except|if|when|wrong|false|approximately|plus|minus|over|under|above|below|divided|mod|squared|cubed|factorial|half|halves|thirds?|quarters?|(?:four|fif|six|seven|eigh|nin|ten|hundred|thousand)ths?|less|more|least|most|about|around|up)(?:[^a-z]|$)|[\d=<>]|不|非|或|和/;

/** The value without its unit, currency, percent or degree sign, and that unit. */
export const splitUnit = (text: string): { value: string; unit: Unit | null } => {
  const currency = CURRENCY_PREFIX.exec(text);
  if (currency !== null) {
    const rest = text.slice(currency[0].length);
    const inner = splitUnit(rest);
    const name = (currency[2] ?? "").includes("$") ? "\\$" : (currency[2] ?? "").toLowerCase();
    return { value: `${currency[1] ?? ""}${inner.value}`, unit: parseUnit(name) };
  }
  const modulus = MODULUS.exec(text);
  if (modulus !== null && modulus.index > 0) {
    const unit = { dimension: `modulo ${modulus[1] ?? modulus[2] ?? modulus[3]}`, scale: fromInteger(1) };
    return { value: text.slice(0, modulus.index).trim(), unit };
  }
  if (text.endsWith("\\%")) return { value: text.slice(0, -2).trim(), unit: PERCENT };
  const degree = /\^ ?\\circ ?(?:\\text\{ ?[CFcf] ?\}|[CF])?$/.exec(text);
  // In `\tan 15^\circ` the sign belongs to the argument.
  if (degree !== null && /\\(?:sin|cos|tan|cot|sec|csc)\b/.test(text)) return { value: text, unit: null };
  if (degree !== null) return { value: text.slice(0, degree.index).trim(), unit: DEGREE };
  const suffix =
    PER_TEXT_SUFFIX.exec(text) ??
    TEXT_SUFFIX.exec(text) ??
    WORD_SUFFIX.exec(text) ??
    CHINESE_SUFFIX.exec(text);
  if (suffix === null || suffix.index === 0) return { value: text, unit: null };
  const words = suffix[0];
  if (MEANINGFUL.test(words.toLowerCase().replace(/\^ ?\{? ?\d/g, ""))) return { value: text, unit: null };
  const value = text.slice(0, suffix.index).trim();
  if (value === "") return { value: text, unit: null };
  const [first = "", ...rest] = unitWords(words).words;
  const multiplier = MULTIPLIERS[first] ?? MULTIPLIERS[first.slice(0, 1)];
  if (multiplier !== undefined && (MULTIPLIERS[first] !== undefined || !/^(?:千米|千克)/.test(first)))
    return {
      value: `(${value})\\cdot ${multiplier}`,
      unit: parseUnit([first.slice(1).replace(/^[a-z]+$/, ""), ...rest].join(" ")),
    };
  return { value, unit: parseUnit(words) };
};

const isKnown = (unit: Unit): boolean => !unit.dimension.startsWith("words:");
const baseOf = (unit: Unit): string => unit.dimension.split("^")[0] ?? "";

/**
 * How many of `gold`'s unit one of `given`'s is, where both are known and alike; "any" where one says nothing
 * (or units do not count and one is an unknown word); "conflict" where they contradict each other.
 */
export const relateUnits = (
  gold: Unit | null,
  given: Unit | null,
  kept: boolean,
): Rational | "any" | "conflict" => {
  if (gold === null && given === null) return "any";
  if (gold === null || given === null) return kept ? "conflict" : "any";
  if (gold.dimension === given.dimension) return divide(given.scale, gold.scale) ?? "conflict";
  if (kept) return "conflict";
  if (!isKnown(gold) || !isKnown(given)) return "any";
  // `20 cm` for `20 cm^2` is a slip of the pen; `5 m` for `5 cm` is another answer.
  if (baseOf(gold) !== baseOf(given)) return "conflict";
  const sameBase = parseableScale(gold) === parseableScale(given);
  return sameBase ? "any" : "conflict";
};

/** The length of one side of the unit, as a number: `cm^2` and `cm` have the same. */
const parseableScale = (unit: Unit): number => {
  const power = Number(unit.dimension.split("^")[1] ?? 1);
  const scale = Number(unit.scale.numerator) / Number(unit.scale.denominator);
  return Math.round(scale ** (1 / power));
};
