/** What an earlier run's completions were like, for planning another. */
import { join } from "node:path";
import type { Expectation } from "../cost/plan/expectation.ts";
import { readRollouts, rolloutSteps, stepName } from "../run/rollout-files.ts";
import { RunDirectoryError, runPaths } from "../run/run-directory.ts";

const STEPS_READ = 12;

interface StepLengths {
  readonly step: number;
  readonly mean: number;
  readonly variation: number;
  readonly cutOff: number;
  readonly prompt: number;
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

function lengthsOfStep(path: string, step: number): StepLengths {
  const ended: number[] = [];
  const prompts: number[] = [];
  let [tokens, cutOff] = [0, 0];
  for (const { tokenIds, promptTokenIds, finish } of readRollouts(path)) {
    tokens += tokenIds.length;
    prompts.push(promptTokenIds.length);
    if (finish === "stop") ended.push(tokenIds.length);
    else cutOff++;
  }
  const mean = average(ended);
  const deviation = Math.sqrt(average(ended.map((length) => (length - mean) ** 2)));
  return {
    step,
    mean: tokens / prompts.length,
    variation: deviation / Math.max(1, mean),
    cutOff: cutOff / prompts.length,
    prompt: average(prompts),
  };
}

/**
 * Mean lengths over the course of a run, from a dozen of its steps, as far as `throughStep`.
 *
 * @throws {RunDirectoryError} where the run kept no rollouts
 */
export function expectedLengths(run: string, throughStep = Number.POSITIVE_INFINITY): Expectation {
  const folder = runPaths(run).rollouts;
  const steps = rolloutSteps(folder).filter((step) => step <= throughStep);
  if (steps.length === 0) {
    throw new RunDirectoryError(`${run} kept no rollouts: expected files in ${folder} (log.rolloutsEvery)`);
  }
  const count = Math.min(STEPS_READ, steps.length);
  const chosen = new Set(
    Array.from(
      { length: count },
      (_, index) => steps[Math.round((index * (steps.length - 1)) / Math.max(1, count - 1))] as number,
    ),
  );
  const read = [...chosen].map((step) => lengthsOfStep(join(folder, `${stepName(step)}.jsonl`), step));
  const [first, last] = [steps[0] as number, steps.at(-1) as number];
  const meanAt = (progress: number): number => {
    const step = first + progress * (last - first);
    const above = read.findIndex((one) => one.step >= step);
    const right = read[above < 0 ? read.length - 1 : above] as StepLengths;
    const left = read[Math.max(0, above - 1)] as StepLengths;
    if (right.step <= left.step) return right.mean;
    return left.mean + ((right.mean - left.mean) * (step - left.step)) / (right.step - left.step);
  };
  return {
    promptTokens: average(read.map(({ prompt }) => prompt)),
    meanAt,
    variation: Math.max(0.01, average(read.map(({ variation }) => variation))),
    runaway: average(read.map(({ cutOff }) => cutOff)),
    source: `as in ${run}, steps ${first} to ${last}`,
  };
}
