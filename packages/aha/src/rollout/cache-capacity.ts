/** How many completions to decode at once, from the memory that their key–value caches take. */
import type { Dtype } from "@aha/torch";

/** Bytes that one number of a model's dtype takes. */
export const bytesPerNumber = (dtype: Dtype): number =>
  dtype === "float64" ? 8 : dtype === "float32" ? 4 : 2;

const BUDGET_BYTES = 2 ** 30;
const MOST = 512;

/** At least 1, at most 512 and `wanted`; caches of so many numbers a token stay within a gibibyte where they can. */
export function cacheCapacity(
  numbersPerToken: number,
  bytesPerNumber: number,
  maxNewTokens: number,
  wanted: number,
): number {
  const perToken = numbersPerToken * bytesPerNumber;
  const affordable = Math.floor(BUDGET_BYTES / (perToken * maxNewTokens));
  return Math.max(1, Math.min(wanted, MOST, affordable));
}
