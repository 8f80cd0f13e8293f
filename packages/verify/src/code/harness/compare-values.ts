/** Compares a returned value with the expected JSON value, on the host, in time bounded by the expected one. */
import type { JsonValue } from "../../outcome.ts";
import type { Checker } from "../test-case.ts";
import { WireMap, WireOpaque, WireSet, type WireValue } from "./wire-value.ts";

export interface Comparison {
  /** 0 asks for exactly equal numbers. */
  readonly tolerance: number;
  readonly anyOrder: boolean;
  /** In Python `True == 1`. */
  readonly booleansAreNumbers: boolean;
}

/** What a checker means for values; `lines` and `tokens`, meant for text, compare as `value`. */
export function comparisonOf(checker: Checker | undefined, language: string): Comparison {
  const tolerance = checker !== undefined && "tolerance" in checker ? (checker.tolerance ?? 0) : 0;
  return { tolerance, anyOrder: checker?.kind === "any-order", booleansAreNumbers: language === "python" };
}

/** Pairs of elements looked at in a comparison without order; beyond, it is not equal. */
const mostPairs = 4_000_000;

export function equalValues(actual: WireValue, expected: JsonValue, comparison: Comparison): boolean {
  const inOrder = { ...comparison, anyOrder: false };
  if (Array.isArray(expected)) {
    if (actual instanceof WireSet) return sameElements(actual.items, expected, inOrder);
    if (!Array.isArray(actual) || actual.length !== expected.length) return false;
    if (comparison.anyOrder) return sameElements(actual, expected, inOrder);
    return expected.every((item, place) => equalValues(actual[place] as WireValue, item, inOrder));
  }
  if (expected !== null && typeof expected === "object")
    return actual instanceof WireMap && equalEntries(actual, expected, inOrder);
  return equalScalars(actual, expected, comparison);
}

function equalScalars(
  actual: WireValue,
  expected: string | number | boolean | null,
  how: Comparison,
): boolean {
  if (typeof expected === "number" || typeof expected === "boolean") {
    const mixed = typeof actual === "boolean" || typeof expected === "boolean";
    if (mixed && typeof actual !== typeof expected && !how.booleansAreNumbers) return false;
    if (typeof actual === "bigint") return equalLarge(actual, Number(expected), how);
    if (typeof actual !== "number" && typeof actual !== "boolean") return false;
    return equalNumbers(Number(actual), Number(expected), how.tolerance);
  }
  return actual === expected;
}

/** A JSON number beyond 2^53 has been rounded when it was read, so an integer equals it if it rounds to it. */
const equalLarge = (actual: bigint, expected: number, how: Comparison): boolean =>
  equalNumbers(Number(actual), expected, how.tolerance);

function equalNumbers(actual: number, expected: number, tolerance: number): boolean {
  if (actual === expected) return true;
  if (Number.isNaN(actual) || Number.isNaN(expected)) return Number.isNaN(actual) && Number.isNaN(expected);
  if (tolerance === 0 || !Number.isFinite(actual) || !Number.isFinite(expected)) return false;
  return Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
}

/** Keys of JSON are strings; a program's integer keys equal their decimal text. */
function equalEntries(actual: WireMap, expected: { [key: string]: JsonValue }, how: Comparison): boolean {
  const keys = Object.keys(expected);
  if (actual.entries.length !== keys.length) return false;
  const seen = new Set<string>();
  for (const [key, value] of actual.entries) {
    if (typeof key !== "string" && typeof key !== "number" && typeof key !== "bigint") return false;
    const text = String(key);
    if (seen.has(text) || !Object.hasOwn(expected, text)) return false;
    seen.add(text);
    if (!equalValues(value, expected[text] as JsonValue, how)) return false;
  }
  return true;
}

/** Equal as multisets: each expected element takes one actual element that equals it. */
function sameElements(
  actual: readonly WireValue[],
  expected: readonly JsonValue[],
  how: Comparison,
): boolean {
  if (actual.length !== expected.length) return false;
  if (actual.every(isNumber) && expected.every(isNumber)) {
    const left = [...actual].sort(ascending);
    const right = [...expected].sort(ascending);
    return right.every((item, place) => equalNumbers(left[place] as number, item, how.tolerance));
  }
  if (actual.every(isText) && expected.every(isText)) {
    const left = [...actual].sort();
    const right = [...expected].sort();
    return right.every((item, place) => left[place] === item);
  }
  const free = [...actual];
  let pairs = 0;
  for (const item of expected) {
    const place = free.findIndex((candidate) => ++pairs <= mostPairs && equalValues(candidate, item, how));
    if (place < 0) return false;
    free[place] = free.at(-1) as WireValue;
    free.pop();
  }
  return true;
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isText = (value: unknown): value is string => typeof value === "string";
const ascending = (a: number, b: number): number => a - b;

/** One line for a human; bounded however large or cyclic the value is. */
export function describeValue(value: WireValue, budget = 20): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value === "bigint") return value.toString(16).length > 50 ? "a huge integer" : String(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof WireOpaque) return value.description;
  if (budget < 2) return "…";
  const share = Math.floor(budget / 3);
  const show = (items: readonly WireValue[]): string =>
    items
      .slice(0, share)
      .map((item) => describeValue(item, share))
      .concat(items.length > share ? ["…"] : [])
      .join(", ");
  if (value instanceof WireSet) return `{${show(value.items)}}`;
  if (value instanceof WireMap)
    return `{${value.entries
      .slice(0, share)
      .map(([key, item]) => `${describeValue(key, share)}: ${describeValue(item, share)}`)
      .join(", ")}}`;
  return `[${show(value)}]`;
}
