/** Parsers of option values; a wrong value is a usage error that names what was expected. */
import { InvalidArgumentError } from "commander";
import type { JsonValue } from "../tasks/task.ts";

function number(text: string, expected: string, accepts: (value: number) => boolean): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || !accepts(value)) throw new InvalidArgumentError(`Expected ${expected}.`);
  return value;
}

export const positiveInteger = (text: string) =>
  number(text, "a whole number of at least 1", (value) => Number.isSafeInteger(value) && value >= 1);

export const wholeNumber = (text: string) =>
  number(text, "a whole number of at least 0", (value) => Number.isSafeInteger(value) && value >= 0);

export const positive = (text: string) => number(text, "a number above 0", (value) => value > 0);

export const nonNegative = (text: string) => number(text, "a number of at least 0", (value) => value >= 0);

export const probability = (text: string) =>
  number(text, "a number above 0, at most 1", (value) => value > 0 && value <= 1);

export const fraction = (text: string) =>
  number(text, "a number from 0 to 1", (value) => value >= 0 && value <= 1);

/** `80G`, `80 GB` (10⁹) or `80GiB` (2³⁰), in bytes. */
export function byteSize(text: string): number {
  const [, count = "", unit = "", binary] = /^([\d.]+)\s*([kmgt]?)(i?)b?$/i.exec(text.trim()) ?? [];
  const power = ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase());
  const bytes = Number(count) * (binary === "" ? 1000 : 1024) ** power;
  if (count === "" || !(bytes >= 1)) throw new InvalidArgumentError("Expected a size such as 80G or 24GiB.");
  return Math.floor(bytes);
}

/** `1,2,3` or `1 2 3` or `[1, 2, 3]`. */
export function tokenIds(text: string): number[] {
  const parts = text
    .replace(/^\s*\[|\]\s*$/g, "")
    .split(/[\s,]+/)
    .filter((part) => part !== "");
  if (parts.length === 0) throw new InvalidArgumentError("Expected token ids such as 1,403,407.");
  return parts.map(wholeNumber);
}

/** Collects a repeatable option; also takes several values after one flag. */
export const collect = (text: string, earlier: readonly string[] = []) => [...earlier, text];

/** `numbers=4` → `["numbers", 4]`; the value is JSON where it is JSON, else text. */
export function assignment(text: string): readonly [key: string, value: JsonValue] {
  const equals = text.indexOf("=");
  if (equals <= 0) throw new InvalidArgumentError("Expected name=value.");
  const raw = text.slice(equals + 1);
  try {
    const value: JsonValue = JSON.parse(raw);
    return [text.slice(0, equals), value];
  } catch {
    return [text.slice(0, equals), raw]; // Text that is not JSON stands for itself.
  }
}
