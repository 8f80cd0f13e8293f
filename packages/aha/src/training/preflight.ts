/** A look at a few rollouts before training: what would silently spoil a run is said first. */
import { hasNoSignal } from "../algorithms/advantage.ts";
import type { ScoredGroup } from "../rollout/records.ts";

/** What the rollouts showed. `refusal` names a condition under which no training can succeed. */
export interface PreflightFindings {
  readonly warnings: readonly string[];
  readonly refusal: string | null;
  readonly meanReward: number;
  readonly meanLength: number;
}

/** Raised when training would be pointless; says what to change. */
export class PreflightError extends Error {
  override readonly name = "PreflightError";
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Examines scored groups: cut-off completions, answers that can't be read, verifiers that fail, rewards without signal. */
export function examineRollouts(groups: readonly ScoredGroup[], maxNewTokens: number): PreflightFindings {
  const all = groups.flatMap(({ completions }) => completions);
  const share = (test: (one: (typeof all)[number]) => boolean): number =>
    all.filter(test).length / Math.max(1, all.length);
  const outcome = (name: string): number =>
    share(({ breakdown }) => Object.values(breakdown).some((judgement) => judgement.outcome === name));
  const cutOff = share(({ completion }) => completion.finish === "length");
  const warnings: string[] = [];
  let refusal: string | null = null;
  if (cutOff > 0.5) {
    warnings.push(
      `${percent(cutOff)} of the completions were cut off at rl.maxNewTokens = ${maxNewTokens}: raise it, or check that the model knows its end-of-sequence token`,
    );
  }
  const unparsed = outcome("unparsed");
  if (unparsed > 0.5) {
    warnings.push(
      `in ${percent(unparsed)} of the completions no answer could be read: does the prompt ask for the format the verifier reads?`,
    );
  }
  const failing = outcome("error") + outcome("timeout");
  if (failing === 1 && all.length > 0) {
    const detail = all
      .flatMap(({ breakdown }) => Object.values(breakdown))
      .find((one) => one.outcome === "error")?.detail;
    refusal = `the verifier failed on every completion${detail === undefined ? "" : ` (${detail})`}: check the questions' gold answers and the reward's code`;
  } else if (failing > 0) {
    warnings.push(`the verifier failed or timed out on ${percent(failing)} of the completions`);
  }
  const rewards = all.map(({ reward }) => reward);
  if (refusal === null && cutOff === 1) {
    refusal = `every completion was cut off at rl.maxNewTokens = ${maxNewTokens}: none can earn a reward for finishing. Raise rl.maxNewTokens`;
  } else if (hasNoSignal(rewards)) {
    warnings.push(
      `all ${all.length} rewards are ${rewards[0]}: with nothing better or worse there is nothing to learn from yet`,
    );
  } else {
    const flat = groups.filter(({ completions }) =>
      hasNoSignal(completions.map(({ reward }) => reward)),
    ).length;
    if (flat / groups.length > 0.8)
      warnings.push(
        `${flat} of ${groups.length} groups had equal rewards throughout: most of a step will carry no signal`,
      );
  }
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return {
    warnings,
    refusal,
    meanReward: total(rewards) / Math.max(1, all.length),
    meanLength: total(all.map(({ completion }) => completion.tokenIds.length)) / Math.max(1, all.length),
  };
}
