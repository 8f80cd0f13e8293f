/** A prediction, a gold answer, and whether mathematics says that they agree. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Pair {
  readonly suite: string;
  readonly id: string;
  readonly prediction: string;
  readonly gold: string;
  /** True where the prediction is right. */
  readonly truth: boolean;
  /** How the prediction came about: a rewriting, a change of value, a file's row. */
  readonly rule: string;
}

/** A prediction made from a gold answer by a rule of known effect. */
export interface Variant {
  readonly rule: string;
  readonly text: string;
}

const workspace = join(import.meta.dirname, "../../../..");

/** The development data beside the checkout; its parts may be absent. */
export const dataFolder = join(workspace, "../shared/data");

/** For `test`'s `skip`: false where all the parts are there. */
export function skipWithout(...parts: string[]): false | string {
  const absent = parts.filter((part) => !existsSync(join(dataFolder, part)));
  return absent.length === 0 ? false : `no ${absent.map((part) => `../shared/data/${part}`).join(", ")}`;
}

export function readJsonLines(path: string): Record<string, unknown>[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}
