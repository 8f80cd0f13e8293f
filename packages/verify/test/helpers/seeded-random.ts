/** A small seeded random source for tests: the same seed gives the same stream on every machine. */

export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number;
  /** A uniform integer in 0 … bound − 1. */
  below(bound: number): number;
  /** A uniform member of a list that is not empty. */
  pick<Value>(values: readonly Value[]): Value;
  /** A shuffled copy. */
  shuffle<Value>(values: readonly Value[]): Value[];
}

/** (Generator: splitmix32 over an FNV-1a hash of the seed's text.) */
export function seededRandom(seed: string): SeededRandom {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let bits = state ^ (state >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  const pick = <Value>(values: readonly Value[]): Value => {
    if (values.length === 0) throw new RangeError("pick: expected a list with members, got an empty one.");
    return values[below(values.length)] as Value;
  };
  const shuffle = <Value>(values: readonly Value[]): Value[] => {
    const copy = [...values];
    for (let index = copy.length - 1; index > 0; index--) {
      const other = below(index + 1);
      [copy[index], copy[other]] = [copy[other] as Value, copy[index] as Value];
    }
    return copy;
  };
  return { next, below, pick, shuffle };
}
