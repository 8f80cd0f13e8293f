/** A small seeded random source for tasks and corpora: the same seed gives the same stream on every machine. */

/** A deterministic stream of random numbers; it has state, so it is passed, never shared through a module. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** A uniform integer in 0 … bound − 1. */
  below(bound: number): number;
  /** A uniform member of a list that is not empty. */
  pick<Value>(values: readonly Value[]): Value;
}

/** 32-bit FNV-1a hash of a string's UTF-16 units, finished with an avalanche so that every bit is usable. */
export function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
}

/** A bijective avalanche of 32 bits (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Makes a stream from any parts: `createRandom("countdown", seed, index)`. (Generator: sfc32.) */
export function createRandom(...seed: readonly (string | number)[]): Random {
  const text = seed.join("\u0000");
  let a = hashString(`a${text}`);
  let b = hashString(`b${text}`);
  let c = hashString(`c${text}`);
  let counter = 1;
  const word = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // The first outputs of sfc32 still show the seed's structure.
  for (let round = 0; round < 12; round++) word();

  const next = (): number => word() / 2 ** 32;
  const below = (bound: number): number => Math.floor(next() * bound);
  const pick = <Value>(values: readonly Value[]): Value => {
    if (values.length === 0) throw new RangeError("pick: expected a list with members, got an empty one.");
    return values[below(values.length)] as Value;
  };
  return { next, below, pick };
}
