/** Seeds for sampling, each from (run, step, question, sample) alone, so that nothing depends on a batch's make-up. */

const MASK = (1n << 64n) - 1n;

/** One round of SplitMix64 (Steele, Lea & Flood 2014): a bijection of 64 bits whose outputs look random. */
function mix(value: bigint): bigint {
  let z = (value + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** FNV-1a over UTF-16 code units, 64 bits. */
function hashText(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index++) {
    hash = ((hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n) & MASK;
  }
  return hash;
}

/** What a seed is derived from. */
export type SeedPart = string | number;

/** A signed 64-bit seed from any number of parts; another part or another order gives another seed. */
export function deriveSeed(...parts: readonly SeedPart[]): bigint {
  let state = 0n;
  for (const part of parts) {
    const word = typeof part === "string" ? hashText(part) : BigInt.asUintN(64, BigInt(Math.trunc(part)));
    state = mix(state ^ mix(word));
  }
  return BigInt.asIntN(64, state);
}

/** Uniform floats in [0, 1) from a seed: for shuffles and choices outside of the model. */
export function randomStream(seed: bigint): () => number {
  let counter = BigInt.asUintN(64, seed);
  return () => {
    counter = (counter + 1n) & MASK;
    return Number(mix(counter) >> 11n) / 2 ** 53;
  };
}

/** A shuffled copy (Fisher & Yates). */
export function shuffled<Item>(items: readonly Item[], seed: bigint): Item[] {
  const random = randomStream(seed);
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}
