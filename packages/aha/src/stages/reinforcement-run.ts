/** A reinforcement run under way: what its parts share, and how it is opened, saved and closed. */
import type { WatchedEvaluation } from "../algorithms/hacking-alarm.ts";
import type { TrainOptions } from "../contracts/work.ts";
import type { RunMeter } from "../cost/run-meter.ts";
import { modelOnDisk } from "../hub/model-on-disk.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import { loadTask } from "../recipe/task-registry.ts";
import type { Phases } from "../run/phases.ts";
import type { Progress } from "../run/progress.ts";
import type { RunDirectory } from "../run/run-directory.ts";
import type { EvaluationSummary } from "../run/run-records.ts";
import type { Task } from "../tasks/task.ts";
import { knownTasks } from "../tools/known-tasks.ts";
import { PHASE_DEADLINE_SECONDS } from "../training/phase-deadline.ts";
import { PolicySession } from "../training/policy-session.ts";
import { requireRoom } from "../training/prompt-room.ts";
import { openMonitor, type RunMonitor } from "../training/run-monitor.ts";
import { openRun } from "../training/run-setup.ts";
import { restoreTrainingState, saveTrainingState, trainingStateBytes } from "../training/training-state.ts";
import { openMeter } from "./run-costs.ts";

/** What the loop remembers between steps, and a checkpoint keeps. */
type Loop = {
  /** Up to the checkpoint; what a kill undid does not count. */
  readonly seconds: number;
  readonly tokens: number;
  readonly updates: number;
  readonly referenceRefreshed: boolean;
  /** Lowered where memory ran out: a resumed run must split its batches in the same way. */
  readonly tokensPerMicroBatch: number;
  readonly before: EvaluationSummary | null;
  /** Absent in checkpoints of runs without an alarm. */
  readonly watched?: readonly WatchedEvaluation[];
  readonly alarmed?: boolean;
};

export interface ReinforcementRun {
  readonly recipe: ReinforcementRecipe;
  readonly task: Task;
  readonly session: PolicySession;
  readonly directory: RunDirectory;
  readonly phases: Phases;
  readonly progress: Progress;
  readonly monitor: RunMonitor;
  readonly meter: RunMeter;
  /** Whether standard output gets a JSON line a step. */
  readonly json: boolean;
  /** When this process began, on `performance.now()`'s clock. */
  readonly started: number;
  /** Steps made. */
  step: number;
  tokens: number; // generated
  updates: number; // of the policy
  referenceRefreshed: boolean;
  /** The held-out evaluation before training; null where there was none. */
  before: EvaluationSummary | null;
  /** Held-out evaluations so far, where the recipe has an alarm. */
  watched: readonly WatchedEvaluation[];
  /** The alarm has ended the run. */
  alarmed: boolean;
  /** What earlier processes of this run took. */
  secondsBefore: number;
}

/** Opens everything; what is wrong with recipe, task or model is found before the run directory is touched. */
export async function openReinforcementRun(
  recipe: ReinforcementRecipe,
  options: TrainOptions,
): Promise<ReinforcementRun> {
  const started = performance.now();
  const task = await loadTask(recipe.task, knownTasks);
  if (task.train.length === 0) {
    throw new RecipeError([
      { path: "task", message: `"${task.name}" has no training questions; give it at least one` },
    ]);
  }
  if (task.rewards.length === 0) {
    throw new RecipeError([
      { path: "task", message: `"${task.name}" has no rewards; give it some by withRewards(task, function)` },
    ]);
  }
  const session = new PolicySession(recipe, await modelOnDisk(recipe.model.path));
  try {
    requireRoom(session, task);
    const directory = openRun(options.runDirectory, recipe, options.resume, task);
    const monitor = openMonitor(directory, recipe.rl.steps, options.quiet);
    const meter = openMeter(directory, recipe, session.policy.device, started);
    return {
      ...{
        recipe,
        task,
        session,
        directory,
        monitor,
        meter,
        phases: monitor.phases,
        progress: monitor.progress,
      },
      ...{ json: options.json, started, step: 0, tokens: 0, updates: 0, referenceRefreshed: false },
      ...{ before: null, watched: [], alarmed: false, secondsBefore: 0 },
    };
  } catch (error) {
    session.dispose();
    throw error;
  }
}

/** Seconds the run has taken so far, in all its processes. */
export function secondsOf({ secondsBefore, started }: ReinforcementRun): number {
  return secondsBefore + (performance.now() - started) / 1000;
}

/** A warning: on the terminal, and in the run's events. */
export function warn({ directory, progress, step }: ReinforcementRun, message: string): void {
  directory.record({ type: "warning", step, message });
  progress.say(`warning: ${message}`);
}

/** Puts the run where the checkpoint in `folder` was made. */
export function restoreRun(run: ReinforcementRun, folder: string, step: number): void {
  const { policy, optimizer, reference, value } = run.session;
  const { loop } = restoreTrainingState<Loop>(folder, { model: policy, optimizer, reference, value });
  const { tokens, updates, referenceRefreshed, before, watched = [], alarmed = false } = loop;
  Object.assign(run, { watched, alarmed });
  Object.assign(run, { step, tokens, updates, referenceRefreshed, before, secondsBefore: loop.seconds });
  run.session.tokensPerMicroBatch = loop.tokensPerMicroBatch;
}

/** Writes a checkpoint of the run as it stands; the step's own is not written twice. */
export async function saveRun(run: ReinforcementRun): Promise<void> {
  const { directory, session, recipe, step } = run;
  if (directory.lastCheckpoint?.step === step) return;
  const { policy, optimizer, value, tokensPerMicroBatch } = session;
  // A reference that was never refreshed is the model that training started from.
  const reference = run.referenceRefreshed ? session.reference : null;
  const { tokens, updates, referenceRefreshed, before } = run;
  const loop: Loop = {
    ...{ tokens, updates, referenceRefreshed, before, tokensPerMicroBatch },
    seconds: secondsOf(run),
    ...(recipe.alarm === undefined ? {} : { watched: run.watched, alarmed: run.alarmed }),
  };
  const write = (folder: string) =>
    saveTrainingState(
      folder,
      { model: policy, optimizer, reference, value, loop },
      session.saveOptions(step),
    );
  await run.phases.runAsync(
    "checkpoint",
    async () => {
      const expectedBytes = trainingStateBytes(
        { model: policy, optimizer, reference, value },
        session.opened.folder,
      );
      const { path } = await directory.checkpoint(write, {
        step,
        keep: recipe.checkpoint.keep,
        expectedBytes,
      });
      directory.record({ type: "checkpoint", step, path });
    },
    PHASE_DEADLINE_SECONDS,
  );
}

/** Closes what `openReinforcementRun` opened. */
export async function closeRun(run: ReinforcementRun): Promise<void> {
  await run.monitor.close();
  run.meter.close();
  run.directory.close();
  run.session.dispose();
}
