/**
 * Finds where a curve takes off, and whether it does at all.
 *
 * Method: the curve is averaged into at most 60 bins; a ramp (level a, a rise from step s to step t, level c) is fitted by
 * least squares over all s < t and compared with a constant. The ratio of explained to unexplained variance is set against
 * 199 permutations of the curve in blocks, which keep what neighbouring steps have in common. The curve takes off at s if at
 * most 1 in 100 permutations fits as well, and the level c is at least twice a.
 */
import { deriveSeed, shuffled } from "../rollout/seeds.ts";

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

export interface TakeOff {
  /** The verdict. */
  readonly takesOff: boolean;
  /** Step at which the rise begins, and at which the new level is reached; null where the curve is too short. */
  readonly from: number | null;
  readonly to: number | null;
  readonly levelBefore: number;
  readonly levelAfter: number;
  /** Share of permutations that a ramp fits as well as the curve itself. */
  readonly chance: number;
  /** The verdict in words. */
  readonly verdict: string;
}

export interface TakeOffOptions {
  /** Least ratio of the level after to the level before. */
  readonly leastRise?: number;
  /** Most permutations, as a share, that may fit as well. */
  readonly mostChance?: number;
}

const BINS = 60;
const PERMUTATIONS = 199;
const FEWEST_POINTS = 10;

interface Ramp {
  readonly start: number;
  readonly end: number;
  readonly before: number;
  readonly after: number;
  /** Explained over unexplained sum of squares. */
  readonly fit: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

function binned(points: readonly CurvePoint[]): CurvePoint[] {
  const size = Math.ceil(points.length / BINS);
  const bins: CurvePoint[] = [];
  for (let from = 0; from < points.length; from += size) {
    const part = points.slice(from, from + size);
    bins.push({ step: (part[0] as CurvePoint).step, value: mean(part.map(({ value }) => value)) });
  }
  return bins;
}

/** The best ramp over all starts and ends: one regression each on 0 … 1. */
function bestRamp(values: readonly number[]): Ramp {
  const count = values.length;
  const average = mean(values);
  const total = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
  // Sums up to each place, so that a ramp's flat parts cost nothing.
  const sums = [0];
  for (const value of values) sums.push((sums.at(-1) as number) + value);
  let best: Ramp = { start: 0, end: 0, before: average, after: average, fit: 0 };
  for (let start = 0; start < count - 1; start++) {
    for (let end = start + 1; end < count; end++) {
      // r is 0 up to start, rises, and is 1 from end on.
      let [r, rr, ry] = [0, 0, 0];
      for (let place = start + 1; place < end; place++) {
        const part = (place - start) / (end - start);
        r += part;
        rr += part * part;
        ry += part * (values[place] as number);
      }
      const flat = count - end;
      r += flat;
      rr += flat;
      ry += (sums[count] as number) - (sums[end] as number);
      const spread = rr - (r * r) / count;
      if (spread <= 1e-12) continue;
      const covariance = ry - r * average;
      const explained = Math.min(total, covariance ** 2 / spread);
      const rise = covariance / spread;
      const fit = explained / Math.max(total - explained, 1e-12 * Math.max(1, total));
      if (fit > best.fit) {
        const before = average - (rise * r) / count;
        best = { start, end, before, after: before + rise, fit };
      }
    }
  }
  return best;
}

/** The values in another order, in blocks of neighbours. */
function permuted(values: readonly number[], seed: number): number[] {
  const size = Math.max(2, Math.round(Math.sqrt(values.length) / 2));
  const blocks: number[][] = [];
  for (let from = 0; from < values.length; from += size) blocks.push(values.slice(from, from + size));
  return shuffled(blocks, deriveSeed(1, "take-off", seed)).flat();
}

/** See the file's head; points in the order of their steps. */
export function findTakeOff(points: readonly CurvePoint[], options: TakeOffOptions = {}): TakeOff {
  const { leastRise = 2, mostChance = 0.01 } = options;
  const bins = binned(points);
  const values = bins.map(({ value }) => value);
  if (bins.length < FEWEST_POINTS) {
    const level = mean(values);
    const verdict = `too short to tell: ${points.length} steps, ${FEWEST_POINTS} are needed`;
    return {
      takesOff: false,
      from: null,
      to: null,
      levelBefore: level,
      levelAfter: level,
      chance: 1,
      verdict,
    };
  }
  const ramp = bestRamp(values);
  let asGood = 0;
  for (let round = 0; round < PERMUTATIONS; round++) {
    if (bestRamp(permuted(values, round)).fit >= ramp.fit) asGood++;
  }
  const chance = (1 + asGood) / (1 + PERMUTATIONS);
  const { before, after } = ramp;
  const rises = after > 0 && after >= leastRise * Math.max(before, 0);
  const takesOff = rises && chance <= mostChance;
  const [from, to] = [bins[ramp.start]?.step ?? null, bins[ramp.end]?.step ?? null];
  const levels = `from ${before.toFixed(2)} to ${after.toFixed(2)} a completion`;
  const sure = `p = ${chance.toFixed(3)}`;
  const verdict = takesOff
    ? `takes off at step ${from}: ${levels}, reached by step ${to} (${sure})`
    : chance > mostChance
      ? `no take-off: no more of a rise than chance makes (${levels}, ${sure})`
      : `no take-off: ${levels} is ${after < before ? "a fall" : `no ${leastRise}-fold rise`} (${sure})`;
  return { takesOff, from, to, levelBefore: before, levelAfter: after, chance, verdict };
}
