/** How much a text repeats itself: by runs of words seen before, and by how far it compresses. */
import { deflateRawSync } from "node:zlib";

/** Words, numbers, and each Han character or kana by itself. */
const token =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+/gu;

/**
 * The share of the text's `size`-word runs that occurred before in it, 0 … 1; 0 for a text of fewer words. Case
 * and marks do not count. Linear in the text.
 */
export function repeatedRuns(text: string, size: number): number {
  const numbers = new Map<string, number>();
  const words: number[] = [];
  for (const [word] of text.toLowerCase().matchAll(token)) {
    const number = numbers.get(word) ?? numbers.size;
    numbers.set(word, number);
    words.push(number);
  }
  const runs = words.length - size + 1;
  if (runs <= 0) return 0;
  const seen = new Set<string>();
  for (let start = 0; start < runs; start++) seen.add(words.slice(start, start + size).join());
  return (runs - seen.size) / runs;
}

/** Deflate looks back 32 KiB; stretches of this length make the ratio of a long text comparable with a short one's. */
const stretch = 4_096;

/**
 * The largest ratio of bytes to deflated bytes over the text's stretches of 4,096 characters (each half of the one
 * before again); prose has about 2, a loop far more. 1 for a text too short to tell (under 256 characters).
 */
export function compressionRatio(text: string): number {
  let largest = 1;
  for (let start = 0; start === 0 || start + stretch / 2 < text.length; start += stretch / 2) {
    const bytes = Buffer.from(text.slice(start, start + stretch), "utf8");
    if (bytes.length < 256) continue;
    largest = Math.max(largest, bytes.length / deflateRawSync(bytes).length);
  }
  return largest;
}
