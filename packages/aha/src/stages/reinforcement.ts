/**
 * R1-Zero: pure reinforcement learning with verifiable rewards (DeepSeek-R1 §2), from a recipe to a report.
 *
 * Per step: sample a group of completions a question, judge them by rules, take each one's advantage within its group,
 * and update the policy by GRPO. Every random choice derives from the recipe's seed and the step, so that a checkpoint
 * needs no generator's state and a killed run continues bit for bit.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { peakResidentMemory } from "@aha/torch";
import type { TrainOptions, TrainResult } from "../cli/commands/contracts.ts";
import { evaluatePolicy } from "../evaluation/evaluate-policy.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import { resolveTask } from "../recipe/task-registry.ts";
import { reportHtml } from "../report/index.ts";
import { rolloutRecords } from "../rollout/rollout-records.ts";
import { type Interrupt, onInterrupt } from "../run/interrupt.ts";
import { Phases } from "../run/phases.ts";
import { formatDuration, Progress } from "../run/progress.ts";
import { type RunDirectory, readRun } from "../run/run-directory.ts";
import type { EvaluationSummary, RunSummary } from "../run/run-records.ts";
import { formatBytes } from "../run/storage-error.ts";
import { startWatchdog } from "../run/watchdog.ts";
import type { Task } from "../tasks/task.ts";
import { knownTasks } from "../tools/known-tasks.ts";
import { freeMemory } from "../training/estimate.ts";
import { PolicySession } from "../training/policy-session.ts";
import { examineRollouts, PreflightError } from "../training/preflight.ts";
import { questionsOfStep } from "../training/question-order.ts";
import { learnFromStep, type SampledStep, sampleStep } from "../training/reinforcement-step.ts";
import { openRun } from "../training/run-setup.ts";
import { useThreads } from "../training/threads.ts";
import { restoreTrainingState, saveTrainingState, trainingStateBytes } from "../training/training-state.ts";

/** Steps of seeds that no training step has: the pre-flight's and the evaluations'. */
const PREFLIGHT_STEP = -1;
const EVALUATION_STEP = -2;

/** What the loop remembers between steps, and a checkpoint keeps. */
type Loop = {
  readonly seconds: number;
  readonly tokens: number;
  readonly updates: number;
  readonly referenceRefreshed: boolean;
  readonly before: EvaluationSummary | null;
};

/** A run under way: what its parts below share. */
interface Run {
  readonly recipe: ReinforcementRecipe;
  readonly task: Task;
  readonly session: PolicySession;
  readonly directory: RunDirectory;
  readonly phases: Phases;
  readonly progress: Progress;
  readonly interrupt: Interrupt;
  step: number;
  loop: Loop;
}

/** Trains as the recipe says; see the file's head. */
export async function trainReinforcement(
  recipe: ReinforcementRecipe,
  options: TrainOptions,
): Promise<TrainResult> {
  useThreads(recipe.threads);
  const task = resolveTask(recipe.task, knownTasks);
  const session = new PolicySession(recipe);
  const directory = openRun(options.runDirectory, recipe, options.resume);
  const watchdog = startWatchdog();
  const heartbeat = directory.heartbeat();
  const phases = new Phases({
    onChange: (beat) => {
      heartbeat(beat);
      watchdog.observe(beat);
    },
  });
  const progress = new Progress({ total: recipe.rl.steps, stream: process.stderr });
  const interrupt = onInterrupt(
    (message) => progress.say(message),
    () => process.kill(process.pid, "SIGKILL"),
  );
  const loop: Loop = { seconds: 0, tokens: 0, updates: 0, referenceRefreshed: false, before: null };
  const run: Run = { recipe, task, session, directory, phases, progress, interrupt, step: 0, loop };
  try {
    await begin(run);
    while (run.step < recipe.rl.steps && !interrupt.requested) {
      await trainStep(run, options.json);
      await nextTurn(); // lets signals through
    }
    const summary = run.step >= recipe.rl.steps ? await finish(run) : await interrupted(run);
    return {
      status: summary === null ? "interrupted" : "finished",
      runDirectory: options.runDirectory,
      steps: run.step,
      summary,
    };
  } finally {
    progress.end();
    interrupt.dispose();
    await watchdog.stop();
    directory.close();
    session.dispose();
  }
}

/** Goes on from the checkpoint, or looks before it leaps: estimate, pre-flight, evaluation. */
async function begin(run: Run): Promise<void> {
  const { directory, session, recipe, progress } = run;
  const started = performance.now();
  const { policy, optimizer, reference } = session;
  if (directory.resumedFrom !== undefined) {
    const restored = restoreTrainingState<Loop>(directory.resumedFrom.path, {
      model: policy,
      optimizer,
      reference,
    });
    run.loop = restored.loop;
    run.step = directory.resumedFrom.step;
    directory.record({ type: "resume", step: run.step });
    progress.say(`Going on after step ${run.step} of ${recipe.rl.steps}.`);
    return;
  }
  directory.record({
    type: "start",
    step: 0,
    details: { parameters: policy.parameterCount, dtype: policy.dtype, device: policy.device },
  });
  sayMemory(run);
  if (recipe.preflight.enabled) await preflight(run);
  const before = await evaluate(run, "before");
  run.loop = { ...run.loop, before, seconds: (performance.now() - started) / 1000 };
  await checkpoint(run);
}

function sayMemory({ session, task, progress, directory }: Run): void {
  const { policy, tokenizer } = session;
  const prompt = task.train[0]?.prompt;
  const promptTokens = typeof prompt === "string" ? tokenizer.encode(prompt).length : 256;
  const memory = session.memory(promptTokens);
  const free = freeMemory();
  progress.say(
    `${(policy.parameterCount / 1e6).toFixed(2)}M parameters in ${policy.dtype} on ${policy.device}; ` +
      `about ${formatBytes(memory.peak)} of memory (weights ${formatBytes(memory.weights)}, optimiser ${formatBytes(memory.optimizer)}, ` +
      `activations ${formatBytes(memory.activations)}, cache ${formatBytes(memory.cache)}).`,
  );
  if (policy.device === "cpu" && memory.peak > free) {
    warn(
      { directory, progress },
      0,
      `this needs about ${formatBytes(memory.peak)}, ${formatBytes(free)} are free: lower rl.tokensPerMicroBatch, rl.maxNewTokens or the batch`,
    );
  }
}

function warn(
  { directory, progress }: Pick<Run, "directory" | "progress">,
  step: number,
  message: string,
): void {
  directory.record({ type: "warning", step, message });
  progress.say(`warning: ${message}`);
}

async function preflight(run: Run): Promise<void> {
  const { recipe, task, session, phases, progress } = run;
  progress.status("Pre-flight: a few rollouts …");
  const questions = questionsOfStep(task.train, 0, recipe.preflight.questions, recipe.seed);
  const sampled = await sampleStep(session, task, questions, PREFLIGHT_STEP, phases);
  const { warnings, refusal, meanReward, meanLength } = examineRollouts(
    sampled.groups,
    recipe.rl.maxNewTokens,
  );
  for (const warning of warnings) warn(run, 0, warning);
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

async function evaluate(run: Run, name: "before" | "after" | "during"): Promise<EvaluationSummary | null> {
  const { recipe, session, task, phases, directory, progress, step } = run;
  const { evaluation } = recipe;
  if (evaluation.questions === 0 || task.heldOut.length === 0) return null;
  progress.status(
    `Evaluating on ${Math.min(evaluation.questions, task.heldOut.length)} held-out questions …`,
  );
  const { summary, records } = await phases.runAsync("evaluation", () =>
    evaluatePolicy(session.policy, session.tokenizer, task, {
      questions: evaluation.questions,
      samplesPerQuestion: evaluation.samplesPerQuestion,
      temperature: evaluation.temperature,
      topP: evaluation.topP,
      maxNewTokens: session.sampling.maxNewTokens,
      eosTokenIds: session.sampling.eosTokenIds,
      capacity: session.sampling.capacity,
      runSeed: recipe.seed,
      step: EVALUATION_STEP,
    }),
  );
  const writer = directory.evaluation(name === "during" ? `step-${String(step).padStart(6, "0")}` : name);
  for (const record of records) writer.append(record);
  writer.close();
  directory.record({ type: "evaluation", step, when: name, summary });
  progress.say(
    `${name}: accuracy ${(100 * summary.accuracy).toFixed(1)} %, format ${(100 * summary.format).toFixed(1)} %, ` +
      `mean length ${summary.mean_length.toFixed(1)} tokens, "wait" ${(summary.reflection.wait ?? 0).toFixed(2)} a response`,
  );
  return summary;
}

async function trainStep(run: Run, json: boolean): Promise<void> {
  const { recipe, task, session, phases, directory, progress } = run;
  const { rl, log } = recipe;
  const started = performance.now();
  const number = run.step + 1;
  phases.step = number;
  const questions = questionsOfStep(task.train, run.step, rl.questionsPerStep, recipe.seed);
  const sampled = await sampleStep(session, task, questions, run.step, phases);
  const learned = learnFromStep(session, sampled, run.step, phases);
  if (log.rolloutsEvery > 0 && number % log.rolloutsEvery === 0) {
    phases.run("write", () => writeRollouts(run, sampled, learned.advantages, number));
  }
  run.step = number;
  const updates = run.loop.updates + learned.updates;
  const refresh = rl.refreshReferenceEvery;
  if (refresh > 0 && Math.floor(updates / refresh) > Math.floor(run.loop.updates / refresh)) {
    session.refreshReference();
    run.loop = { ...run.loop, referenceRefreshed: true };
  }
  const seconds = (performance.now() - started) / 1000;
  run.loop = {
    ...run.loop,
    updates,
    tokens: run.loop.tokens + sampled.generatedTokens,
    seconds: run.loop.seconds + seconds,
  };
  const times = phases.takeMetrics();
  const learning = (times["time/reference"] ?? 0) + (times["time/train"] ?? 0);
  const metrics: Record<string, number> = {
    ...learned.metrics,
    epoch: (number * rl.questionsPerStep) / task.train.length,
    num_tokens: run.loop.tokens,
    step_time: seconds,
    "tokens_per_second/rollout": sampled.generatedTokens / sampled.rolloutSeconds,
    "tokens_per_second/train": sampled.generatedTokens / Math.max(1e-9, learning),
    "memory/peak_resident": peakResidentMemory(),
    ...times,
  };
  directory.record({ type: "metrics", step: number, metrics });
  if (json) process.stdout.write(`${JSON.stringify({ step: number, ...metrics })}\n`);
  progress.step(number, metrics);
  if ((metrics.skipped_updates ?? 0) > 0) {
    warn(
      run,
      number,
      "the gradient was not finite: the update was left out; its batch is in the step's rollouts",
    );
  }
  if (log.sampleEvery > 0 && number % log.sampleEvery === 0) showSample(run, sampled, number);
  const { every } = recipe.evaluation;
  if (every > 0 && number % every === 0 && number < rl.steps) await evaluate(run, "during");
  if (recipe.checkpoint.every > 0 && number % recipe.checkpoint.every === 0 && number < rl.steps)
    await checkpoint(run);
}

function writeRollouts(
  run: Run,
  sampled: SampledStep,
  advantages: readonly (readonly number[])[],
  step: number,
): void {
  const writer = run.directory.rollouts(step);
  sampled.groups.forEach((group, index) => {
    for (const record of rolloutRecords(group, step, run.session.tokenizer, advantages[index] ?? null)) {
      writer.append(record);
    }
  });
  writer.close();
}

function showSample({ directory, progress }: Run, sampled: SampledStep, step: number): void {
  const [group] = sampled.groups;
  const [scored] = group?.completions ?? [];
  if (group === undefined || scored === undefined) return;
  const prompt = typeof group.question.prompt === "string" ? group.question.prompt : group.question.id;
  const { text } = scored.completion;
  directory.record({ type: "sample", step, prompt, completion: text, reward: scored.reward });
  progress.say(`step ${step}, reward ${scored.reward}: ${prompt}${text}`);
}

async function checkpoint({ directory, session, recipe, step, loop, phases }: Run): Promise<void> {
  const { policy, optimizer, reference } = session;
  const kept = loop.referenceRefreshed ? reference : null;
  await phases.runAsync("checkpoint", async () => {
    const { path } = await directory.checkpoint(
      (folder) =>
        saveTrainingState(
          folder,
          { model: policy, optimizer, reference: kept, loop },
          session.saveOptions(step),
        ),
      { step, keep: recipe.checkpoint.keep, expectedBytes: trainingStateBytes(policy, optimizer, kept) },
    );
    directory.record({ type: "checkpoint", step, path });
  });
}

async function interrupted(run: Run): Promise<null> {
  await checkpoint(run);
  run.directory.record({ type: "finish", step: run.step, reason: "interrupted" });
  return null;
}

const nothing: EvaluationSummary = { accuracy: 0, mean_length: 0, format: 0, reflection: {} };

/** The last checkpoint, the evaluation after, the summary and the report. */
async function finish(run: Run): Promise<RunSummary> {
  const { directory, recipe, session, progress } = run;
  if (directory.resumedFrom?.step !== run.step) await checkpoint(run);
  const started = performance.now();
  const after = await evaluate(run, "after");
  const summary: RunSummary = {
    recipe: recipe.name,
    steps: run.step,
    seconds: run.loop.seconds + (performance.now() - started) / 1000,
    device: session.policy.device,
    before: run.loop.before ?? nothing,
    after: after ?? nothing,
  };
  directory.record({ type: "finish", step: run.step, reason: "finished" });
  directory.writeSummary(summary);
  directory.writeReport(reportHtml([readRun(directory.paths.root)]));
  progress.say(`Finished in ${formatDuration(summary.seconds)}. Report: ${directory.paths.report}`);
  return summary;
}
