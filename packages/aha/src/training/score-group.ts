/** Judges one group by all rewards of a task; see reward-scorer.ts for what holds. */
import type { Group, ScoredGroup } from "../rollout/records.ts";
import type { Reward } from "../tasks/task.ts";
import { RewardScorer } from "./reward-scorer.ts";

/** The group with each completion's reward, Σ weight · value over the rewards that apply, and its breakdown. */
export function scoreGroup(group: Group, rewards: readonly Reward[]): Promise<ScoredGroup> {
  return new RewardScorer(rewards, true).scoreGroup(group);
}
