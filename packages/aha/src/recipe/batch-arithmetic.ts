/** Checks that questions × group can be split into the mini-batches asked for, and names what would work. */
import type { RecipeProblem } from "./recipe-error.ts";

/** The four numbers that decide a step's batches. */
export interface BatchNumbers {
  readonly questionsPerStep: number;
  readonly groupSize: number;
  readonly miniBatches: number;
}

/** The nearest values below and above `wanted` for which `works`, nearest first; searches up to `limit`. */
export function nearestWorking(wanted: number, limit: number, works: (value: number) => boolean): number[] {
  const found: number[] = [];
  for (let distance = 1; distance <= limit && found.length < 2; distance++) {
    for (const value of [wanted - distance, wanted + distance]) {
      if (value >= 1 && found.length < 2 && works(value)) found.push(value);
    }
  }
  return found;
}

/** Faults of the batch arithmetic; empty when every mini-batch gets the same whole number of completions. */
export function batchProblems({ questionsPerStep, groupSize, miniBatches }: BatchNumbers): RecipeProblem[] {
  const completions = questionsPerStep * groupSize;
  if (completions % miniBatches === 0) return [];
  const divisors = nearestWorking(miniBatches, completions, (value) => completions % value === 0);
  const questions = nearestWorking(
    questionsPerStep,
    miniBatches,
    (value) => (value * groupSize) % miniBatches === 0,
  );
  return [
    {
      path: "rl.miniBatches",
      message:
        `${questionsPerStep} questions × ${groupSize} samples = ${completions} completions cannot be split ` +
        `into ${miniBatches} equal mini-batches; nearest that can: rl.miniBatches ${divisors.join(" or ")}, ` +
        `or rl.questionsPerStep ${questions.join(" or ")}`,
    },
  ];
}
