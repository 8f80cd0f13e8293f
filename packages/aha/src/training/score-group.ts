/** Judges a group's completions by all rewards of a task; what goes wrong in a judge is an outcome, never a silent 0. */
import type { Completion, Group, ScoredCompletion, ScoredGroup } from "../rollout/records.ts";
import type { Judgement, Reward, RewardInput } from "../tasks/task.ts";

/** No verifier may hold a step up for longer than this. */
const JUDGE_DEADLINE_MILLISECONDS = 60_000;

function failure(error: unknown): Judgement {
  const detail = error instanceof Error ? error.message : String(error);
  return { value: 0, outcome: "error", detail };
}

async function judgeInTime(reward: Reward, input: RewardInput): Promise<Judgement> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const judged = reward.judge(input);
    if (!(judged instanceof Promise)) return checked(reward, judged);
    const late = new Promise<Judgement>((resolve) => {
      timer = setTimeout(
        () =>
          resolve({
            value: 0,
            outcome: "timeout",
            detail: `no verdict within ${JUDGE_DEADLINE_MILLISECONDS / 1000} s`,
          }),
        JUDGE_DEADLINE_MILLISECONDS,
      );
    });
    return checked(reward, await Promise.race([judged, late]));
  } catch (error) {
    return failure(error);
  } finally {
    clearTimeout(timer);
  }
}

function checked(reward: Reward, judgement: Judgement): Judgement {
  if (judgement.value === null || Number.isFinite(judgement.value)) return judgement;
  return failure(
    new RangeError(`reward "${reward.name}" gave ${judgement.value}; expected a finite number or null`),
  );
}

async function scoreCompletion(
  group: Group,
  completion: Completion,
  rewards: readonly Reward[],
): Promise<ScoredCompletion> {
  const input: RewardInput = {
    question: group.question,
    completion: completion.text,
    truncated: completion.finish === "length",
  };
  const judgements = await Promise.all(rewards.map((reward) => judgeInTime(reward, input)));
  let total = 0;
  const breakdown: Record<string, Judgement> = {};
  rewards.forEach((reward, index) => {
    const judgement = judgements[index] as Judgement;
    breakdown[reward.name] = judgement;
    total += reward.weight * (judgement.value ?? 0);
  });
  return { completion, reward: total, breakdown };
}

/** The group with each completion's reward, Σ weight · value over the rewards that apply, and its breakdown. */
export async function scoreGroup(group: Group, rewards: readonly Reward[]): Promise<ScoredGroup> {
  const completions = await Promise.all(
    group.completions.map((completion) => scoreCompletion(group, completion, rewards)),
  );
  return { question: group.question, promptTokenIds: group.promptTokenIds, completions };
}
