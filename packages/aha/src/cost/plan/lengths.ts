/** How long completions get: a lognormal distribution cut off at the limit, as reasoning lengths have a long tail. */

export interface LengthDistribution {
  /** The mean with the cut, tokens. */
  readonly mean: number;
  readonly limit: number;
  /** Share of completions longer than `length`; 0 from the limit on. */
  longerThan(length: number): number;
}

/** The standard normal distribution's upper tail, to 1e-7 (Abramowitz and Stegun 7.1.26). */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const t = 1 / (1 + (0.3275911 * z) / Math.SQRT2);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.max(0, 0.5 * series * Math.exp((-z * z) / 2));
}

/** Mean of min(X, limit) for a lognormal X of median e^location. */
function cutMean(location: number, scale: number, limit: number): number {
  const z = (Math.log(limit) - location) / scale;
  return Math.exp(location + scale ** 2 / 2) * (1 - upperTail(z - scale)) + limit * upperTail(z);
}

/**
 * With the mean that is asked for, cut off ones included; `variation` is the deviation over the mean of those that end by
 * themselves, `runaway` the share that never do, and are all cut off at the limit.
 *
 * @throws {RangeError} where the mean is not below the limit
 */
export function lengthDistribution(
  mean: number,
  variation: number,
  limit: number,
  runaway = 0,
): LengthDistribution {
  if (!(mean > 0 && mean < limit)) {
    throw new RangeError(`a mean of ${mean} tokens cannot come of lengths up to ${limit}`);
  }
  const scale = Math.sqrt(Math.log(1 + variation ** 2));
  // Runaways make up half of all tokens at most.
  const never = Math.min(runaway, mean / (2 * limit));
  const rest = (mean - never * limit) / (1 - never);
  let [low, high] = [Math.log(rest) - 20, Math.log(limit) + 20];
  for (let round = 0; round < 80; round++) {
    const middle = (low + high) / 2;
    if (cutMean(middle, scale, limit) < rest) low = middle;
    else high = middle;
  }
  const location = (low + high) / 2;
  return {
    mean,
    limit,
    longerThan: (length) =>
      length >= limit
        ? 0
        : length <= 0
          ? 1
          : never + (1 - never) * upperTail((Math.log(length) - location) / scale),
  };
}

/** A stretch of lengths: its middle, its width, and the share of completions that reach the middle. */
export interface LengthInterval {
  readonly middle: number;
  readonly width: number;
  readonly share: number;
}

/** From 0 to the limit, in stretches that are narrower where the lengths are small. */
export function lengthIntervals(lengths: LengthDistribution): LengthInterval[] {
  const points = 96;
  const place = (point: number): number => lengths.limit * (point / points) ** 2;
  return Array.from({ length: points }, (_, point) => {
    const [start, end] = [place(point), place(point + 1)];
    const middle = (start + end) / 2;
    return { middle, width: end - start, share: lengths.longerThan(middle) };
  });
}

/** Pairs of a query and a key that a mean completion has, after `prompt` tokens: Σ over its tokens of what each sees. */
export function meanPairs(prompt: number, lengths: LengthDistribution): number {
  return lengthIntervals(lengths).reduce(
    (sum, { middle, width, share }) => sum + width * share * (prompt + middle),
    0,
  );
}
