/**
 * A rating from solved and unsolved problems of known difficulty, by maximum likelihood under Elo's model: a problem of
 * rating d is solved with probability 1 / (1 + 10^((d − r) / 400)).
 *
 * The R1 paper does not publish how it computes its Codeforces rating (it lets the model take part in contests); this is
 * ours, so ratings compare among our own evaluations and only roughly with the paper's.
 */

/** One problem with the verdicts of all its samples. */
export interface RatedProblem {
  readonly rating: number;
  readonly solved: number;
  readonly samples: number;
}

export interface ContestRating {
  readonly rating: number;
  readonly low: number;
  readonly high: number;
  /** Where everything or nothing was solved the likelihood has no maximum: the rating is a 95 % bound, one-sided. */
  readonly bounded: "below" | "above" | null;
}

/** Elo's scale: 400 points are odds of 10. */
const SCALE = Math.LN10 / 400;
const [LOWEST, HIGHEST] = [-4000, 8000];
const QUANTILE = 1.959963984540054;

const chance = (rating: number, difficulty: number): number =>
  1 / (1 + Math.exp(-SCALE * (rating - difficulty)));

/** Null without problems. The error is robust to samples of one problem being alike (clustered by problem). */
export function contestRating(problems: readonly RatedProblem[]): ContestRating | null {
  const samples = problems.reduce((sum, problem) => sum + problem.samples, 0);
  const solved = problems.reduce((sum, problem) => sum + problem.solved, 0);
  if (samples === 0) return null;
  if (solved === 0 || solved === samples) return bound(problems, solved > 0);
  // Σ (solved − expected) falls strictly with the rating: bisection cannot miss its zero.
  const rating = bisect((value) => problems.reduce((sum, problem) => sum + residual(value, problem), 0));
  let information = 0;
  let spread = 0;
  for (const problem of problems) {
    const p = chance(rating, problem.rating);
    information += problem.samples * p * (1 - p);
    spread += residual(rating, problem) ** 2;
  }
  const error = (QUANTILE * Math.sqrt(spread)) / (information * SCALE);
  return { rating, low: rating - error, high: rating + error, bounded: null };
}

const residual = (rating: number, { rating: difficulty, solved, samples }: RatedProblem): number =>
  solved - samples * chance(rating, difficulty);

/** The rating at which solving all (or none) of the problems has a chance of 5 %. */
function bound(problems: readonly RatedProblem[], all: boolean): ContestRating {
  const likelihood = (value: number): number =>
    problems.reduce((sum, { rating }) => {
      const p = chance(value, rating);
      return sum + Math.log(all ? p : 1 - p);
    }, 0);
  const rating = bisect((value) =>
    all ? Math.log(0.05) - likelihood(value) : likelihood(value) - Math.log(0.05),
  );
  return all
    ? { rating, low: rating, high: Number.POSITIVE_INFINITY, bounded: "below" }
    : { rating, low: Number.NEGATIVE_INFINITY, high: rating, bounded: "above" };
}

/** The zero of a function that falls. */
function bisect(falling: (value: number) => number): number {
  let [low, high] = [LOWEST, HIGHEST];
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (falling(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The share of a population below a rating, its equals counted half: `[rating, people]` in any order. */
export function percentileOf(rating: number, population: readonly (readonly [number, number])[]): number {
  const total = population.reduce((sum, [, people]) => sum + people, 0);
  const below = population.reduce(
    (sum, [each, people]) => sum + (each < rating ? people : each === rating ? people / 2 : 0),
    0,
  );
  return total === 0 ? 0 : below / total;
}
