/** What a plan takes a run's data to be: prompts, and completions whose lengths change as it goes. */
import type { Recipe } from "../../recipe/define-recipe.ts";
import type { Assumptions } from "./assumptions.ts";
import { type LengthDistribution, lengthDistribution } from "./lengths.ts";

export interface Expectation {
  readonly promptTokens: number;
  /** Mean tokens of a completion when a share `progress` (0 to 1) of the run has passed. */
  meanAt(progress: number): number;
  /** Standard deviation over mean. */
  readonly variation: number;
  /** Share of completions that never end. */
  readonly runaway: number;
  /** In words, where this is from. */
  readonly source: string;
}

const DEFAULT_PROMPT = 200;

/** As the recipe's `cost.expect` says; what it does not say is assumed. */
export function expectationOf(recipe: Recipe, assumptions: Assumptions): Expectation {
  const expect = recipe.cost?.expect;
  const limit = recipe.stage === "rl" ? recipe.rl.maxNewTokens : 1;
  const { start, end } = expect?.completionTokens ?? { start: limit / 4, end: limit / 4 };
  return {
    promptTokens: expect?.promptTokens ?? DEFAULT_PROMPT,
    meanAt: (progress) => start + progress * (end - start),
    variation: expect?.lengthVariation ?? assumptions.lengthVariation,
    runaway: assumptions.runawayShare,
    source:
      expect?.completionTokens === undefined
        ? "assumed: the recipe has no cost.expect.completionTokens; --lengths-from takes them from a run"
        : "the recipe's cost.expect",
  };
}

/** The distribution of lengths at a point of the run, under the recipe's limit. */
export function lengthsAt(expectation: Expectation, progress: number, limit: number): LengthDistribution {
  const mean = Math.max(1, Math.min(expectation.meanAt(progress), 0.95 * limit));
  return lengthDistribution(mean, expectation.variation, limit, expectation.runaway);
}
