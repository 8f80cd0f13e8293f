/** A rollout whose completions are judged as they end, while the others are still being sampled. */
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LanguageModel } from "../models/language-model.ts";
import type { ScoredCompletion, ScoredGroup } from "../rollout/records.ts";
import { type RolloutOptions, rollout } from "../rollout/rollout.ts";
import type { Question, Reward } from "../tasks/task.ts";
import { RewardScorer } from "./reward-scorer.ts";

export interface ScoredRollout {
  readonly generatedTokens: number;
  /** Of sampling alone. */
  readonly seconds: number;
  /** Share of drafted tokens that were kept; null where nothing was drafted. */
  readonly draftAcceptance: number | null;
  /** Waits for the verdicts that are still out. */
  groups(): Promise<ScoredGroup[]>; // in the order of the questions
  /** What the verdicts took: `rewards/<name>/seconds`. Complete once the groups are. */
  rewardMetrics(): Record<string, number>;
}

/** Resolves when everything is sampled; judging may go on. */
export async function scoredRollout(
  model: LanguageModel,
  tokenizer: Tokenizer,
  questions: readonly Question[],
  options: RolloutOptions,
  rewards: readonly Reward[],
): Promise<ScoredRollout> {
  const scorer = new RewardScorer(rewards, true);
  const verdicts = questions.map(() => new Array<Promise<ScoredCompletion>>(options.groupSize));
  const { groups, generatedTokens, seconds, draftAcceptance } = await rollout(
    model,
    tokenizer,
    questions,
    options,
    {
      onCompletion: (completion, index) => {
        const ofGroup = verdicts[index] as Promise<ScoredCompletion>[];
        ofGroup[completion.sample] = scorer.score(questions[index] as Question, completion);
      },
    },
  );
  scorer.flush();
  return {
    generatedTokens,
    seconds,
    draftAcceptance,
    groups: () =>
      Promise.all(
        groups.map(async ({ question, promptTokenIds }, index) => ({
          ...{ question, promptTokenIds, completions: await Promise.all(verdicts[index] ?? []) },
        })),
      ),
    rewardMetrics: () => scorer.metrics(),
  };
}
