/** A look before the leap: the memory a run will need, and a few rollouts that show what would silently spoil it. */
import { formatDuration } from "../run/progress.ts";
import { formatBytes } from "../run/storage-error.ts";
import { freeMemory } from "../training/estimate.ts";
import { examineRollouts, PreflightError } from "../training/preflight.ts";
import { questionsOfStep } from "../training/question-order.ts";
import { sampleStep } from "../training/reinforcement-step.ts";
import { type ReinforcementRun, warn } from "./reinforcement-run.ts";
import { countRollout } from "./run-costs.ts";

/** The seeds of the pre-flight's rollouts are no training step's. */
const PREFLIGHT_STEP = -1;

const millions = (count: number): string => `${(count / 1e6).toFixed(2)}M`;

/** Tells what memory the run will need, and warns where the machine has less free. */
export function sayMemory(run: ReinforcementRun): void {
  const { session, task, progress } = run;
  const { policy, tokenizer } = session;
  const prompt = task.train[0]?.prompt;
  const promptTokens = typeof prompt === "string" ? tokenizer.encode(prompt).length : 256;
  const memory = session.memory(promptTokens);
  const free = freeMemory();
  progress.say(
    `${millions(policy.parameterCount)} parameters in ${policy.dtype} on ${policy.device}` +
      `${policy.adapters.active === null ? "" : `, frozen, and an adapter of ${millions(policy.trainedCount)} that is trained`}; ` +
      `about ${formatBytes(memory.peak)} of memory (weights ${formatBytes(memory.weights)}, optimiser ${formatBytes(memory.optimizer)}, ` +
      `activations ${formatBytes(memory.activations)}, cache ${formatBytes(memory.cache)}).`,
  );
  if (policy.device === "cpu" && memory.peak > free) {
    warn(
      run,
      `this needs about ${formatBytes(memory.peak)}, ${formatBytes(free)} are free: lower rl.tokensPerMicroBatch, rl.maxNewTokens or the batch`,
    );
  }
}

/** Samples a few groups, warns of what they show, and estimates the run's time. Throws PreflightError. */
export async function preflight(run: ReinforcementRun): Promise<void> {
  const { recipe, task, session, phases, progress } = run;
  progress.status("Pre-flight: a few rollouts …");
  const questions = questionsOfStep(task.train, 0, recipe.preflight.questions, recipe.seed);
  const sampled = await sampleStep(session, task, questions, PREFLIGHT_STEP, phases);
  countRollout(run, sampled);
  const { warnings, refusal, meanReward, meanLength } = examineRollouts(
    sampled.groups,
    recipe.rl.maxNewTokens,
  );
  for (const warning of warnings) warn(run, warning);
  if (refusal !== null) {
    throw new PreflightError(`${refusal}. (To train all the same: --set preflight.enabled=false)`);
  }
  // Training a token costs about as much again as sampling it, with its backward pass and the reference's.
  const perStep = recipe.rl.questionsPerStep / recipe.preflight.questions;
  const seconds = 2.5 * sampled.rolloutSeconds * perStep * recipe.rl.steps;
  progress.say(
    `Pre-flight: mean reward ${meanReward.toFixed(2)}, mean length ${meanLength.toFixed(0)} tokens; ` +
      `about ${formatDuration(seconds)} for ${recipe.rl.steps} steps at this length.`,
  );
}
