/**
 * The loop of every stage that learns from given text (pretraining, supervised fine-tuning): batches in a fixed order,
 * an update each, held-out loss where it is due, checkpoints, and at the end the model's folder.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AdamW } from "@aha/torch";
import type { TrainOptions, TrainResult } from "../contracts/work.ts";
import type { GenerationConfig } from "../folder/generation-config.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { type SaveModelOptions, saveModel } from "../models/load-model.ts";
import type { Recipe } from "../recipe/define-recipe.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import { type RunDirectory, runPaths } from "../run/run-directory.ts";
import { asStorageError } from "../run/storage-error.ts";
import type { TrainingBatch } from "../training/document-batches.ts";
import { expertMetrics } from "../training/expert-metrics.ts";
import type { LabelledSequence } from "../training/labelled-sequence.ts";
import { languageModelLoss, updateLanguageModel } from "../training/language-model-update.ts";
import { PHASE_DEADLINE_SECONDS } from "../training/phase-deadline.ts";
import { openMonitor, type RunMonitor } from "../training/run-monitor.ts";
import { openRun } from "../training/run-setup.ts";
import { restoreTrainingState, saveTrainingState, trainingStateBytes } from "../training/training-state.ts";

/** What the loop remembers between steps, and a checkpoint keeps. */
export type SupervisedLoop = {
  /** Documents or examples taken so far. */
  readonly documents: number;
  readonly tokens: number;
  readonly seconds: number;
};

/** The model with what trains it and what is saved beside it. */
export interface SupervisedSession {
  readonly model: LanguageModel;
  readonly optimizer: AdamW;
  readonly tokenizerFolder: string | null;
  readonly generation: GenerationConfig;
  dispose(): void;
}

/** What a stage fills the loop with. */
export interface SupervisedPlan {
  readonly recipe: Recipe & {
    readonly output: string;
    readonly maxGradientNorm: number;
    readonly evaluation: { readonly every: number };
    readonly checkpoint: { readonly every: number; readonly keep: number };
  };
  readonly steps: number;
  readonly tokensPerMicroBatch: number;
  /** Of the prediction module's loss, in models that have one. */
  readonly predictionWeight: number;
  /** Opens the model; `folder` is the run's own, for what has to be written first. */
  open(folder: string): SupervisedSession;
  /** The batches in order, past the first `skip` documents. */
  batches(session: SupervisedSession, skip: number): Iterator<TrainingBatch>;
  heldOut(session: SupervisedSession): readonly LabelledSequence[];
  /** Of the step counted from 0. */
  learningRate(step: number): number;
  /** The model card's text. */
  describe(session: SupervisedSession, loop: SupervisedLoop): string;
}

/** A run under way: what its parts share. */
interface SupervisedRun {
  readonly plan: SupervisedPlan;
  readonly session: SupervisedSession;
  readonly directory: RunDirectory;
  readonly monitor: RunMonitor;
  /** Whether standard output gets a JSON line a step. */
  readonly json: boolean;
  readonly heldOut: readonly LabelledSequence[];
  /** Steps made. */
  step: number;
  loop: SupervisedLoop;
}

/** Trains as the plan says and writes the finished model to `recipe.output`. */
export async function runSupervised(plan: SupervisedPlan, options: TrainOptions): Promise<TrainResult> {
  requireOutput(plan.recipe.output);
  const { runDirectory, json } = options;
  const directory = openRun(runDirectory, plan.recipe, options.resume);
  try {
    const session = plan.open(runPaths(runDirectory).root);
    const monitor = openMonitor(directory, plan.steps);
    const loop: SupervisedLoop = { documents: 0, tokens: 0, seconds: 0 };
    try {
      const heldOut = plan.heldOut(session);
      const run: SupervisedRun = { plan, session, directory, monitor, json, heldOut, step: 0, loop };
      const finished = await train(run);
      const status = finished ? "finished" : "interrupted";
      return { status, runDirectory, steps: run.step, summary: null };
    } finally {
      await monitor.close();
      session.dispose();
    }
  } finally {
    directory.close();
  }
}

/** Hours of training should not end at a path that cannot be a folder. */
function requireOutput(output: string): void {
  if (!existsSync(output) || statSync(output).isDirectory()) return;
  throw new RecipeError([{ path: "output", message: `${output} is a file; name a folder for the model` }]);
}

/** Takes batches in order until the steps are made or there are no more; false where Ctrl-C came first. */
async function train(run: SupervisedRun): Promise<boolean> {
  const { plan, session, monitor, directory } = run;
  begin(run);
  const batches = plan.batches(session, run.loop.documents);
  const { checkpoint } = plan.recipe;
  let ended = run.step >= plan.steps;
  while (!ended && !monitor.interrupt.requested) {
    const started = performance.now();
    const next = monitor.phases.run("data", () => batches.next(), PHASE_DEADLINE_SECONDS);
    if (next.done) ended = true;
    else {
      trainStep(run, next.value, started);
      ended = run.step === plan.steps;
      if (checkpoint.every > 0 && run.step % checkpoint.every === 0) await save(run);
    }
    await nextTurn(); // lets signals through
  }
  await save(run);
  if (ended) monitor.progress.say(writeModel(run));
  directory.record({ type: "finish", step: run.step, reason: ended ? "finished" : "interrupted" });
  return ended;
}

/** Goes on from the checkpoint, or begins from nothing. */
function begin(run: SupervisedRun): void {
  const { directory, session, plan } = run;
  const { model, optimizer } = session;
  const { resumedFrom } = directory;
  if (resumedFrom === undefined) {
    const details = { parameters: model.parameterCount, steps: plan.steps };
    directory.record({ type: "start", step: 0, details });
    return;
  }
  const restored = restoreTrainingState<SupervisedLoop>(resumedFrom.path, {
    model,
    optimizer,
    reference: null,
  });
  run.loop = restored.loop;
  run.step = resumedFrom.step;
  directory.record({ type: "resume", step: run.step });
}

/** One update, with its metrics; the held-out loss where it is due. The step's clock began at `started`. */
function trainStep(run: SupervisedRun, batch: TrainingBatch, started: number): void {
  const { plan, session, directory, monitor, json, heldOut } = run;
  const { phases, progress } = monitor;
  const { maxGradientNorm, evaluation } = plan.recipe;
  const { tokensPerMicroBatch } = plan;
  const learningRate = plan.learningRate(run.step);
  const step = ++run.step;
  phases.step = step;
  const update = (): ReturnType<typeof updateLanguageModel> =>
    updateLanguageModel(session.model, session.optimizer, batch.sequences, {
      learningRate,
      maxGradientNorm,
      tokensPerMicroBatch,
      predictionWeight: plan.predictionWeight,
      dropoutSeed: (microBatch, path) => deriveSeed(plan.recipe.seed, "dropout", step, microBatch, path),
    });
  const result = phases.run("train", update, PHASE_DEADLINE_SECONDS);
  const seconds = (performance.now() - started) / 1000;
  const { tokens, seconds: before } = run.loop;
  run.loop = { documents: batch.taken, tokens: tokens + result.tokens, seconds: before + seconds };
  const due = step === plan.steps || (evaluation.every > 0 && step % evaluation.every === 0);
  const evaluate = (): number => languageModelLoss(session.model, heldOut, tokensPerMicroBatch);
  const evaluated =
    due && heldOut.length > 0
      ? { "evaluation/loss": phases.run("evaluation", evaluate, PHASE_DEADLINE_SECONDS) }
      : {};
  const metrics = {
    loss: result.loss,
    grad_norm: result.gradientNorm,
    learning_rate: learningRate,
    num_tokens: run.loop.tokens,
    step_time: seconds,
    ...(result.predictionLoss === null ? {} : { prediction_loss: result.predictionLoss }),
    ...expertMetrics([result.experts]),
    "tokens_per_second/train": result.tokens / seconds,
    ...evaluated,
    ...phases.takeMetrics(),
  };
  directory.record({ type: "metrics", step, metrics });
  if (json) process.stdout.write(`${JSON.stringify({ step, ...metrics })}\n`);
  progress.step(step, metrics);
  if (result.applied) return;
  const message = "the gradient was not finite: this step's update was left out";
  directory.record({ type: "warning", step, message });
  progress.say(`warning: ${message}`);
}

async function save({ plan, session, directory, monitor, step, loop }: SupervisedRun): Promise<void> {
  const { model, optimizer, tokenizerFolder } = session;
  const write = (folder: string) =>
    saveTrainingState(folder, { model, optimizer, reference: null, loop }, saveOptions(plan, session, loop));
  const expectedBytes = trainingStateBytes(model, optimizer, null, tokenizerFolder);
  await monitor.phases.runAsync(
    "checkpoint",
    () => directory.checkpoint(write, { step, keep: plan.recipe.checkpoint.keep, expectedBytes }),
    PHASE_DEADLINE_SECONDS,
  );
}

function saveOptions(
  plan: SupervisedPlan,
  session: SupervisedSession,
  loop: SupervisedLoop,
): SaveModelOptions {
  const { tokenizerFolder, generation } = session;
  const card = { title: plan.recipe.name, description: plan.describe(session, loop) };
  return { tokenizerFolder, generation, card };
}

/** Writes the finished model; returns what to say of it. */
function writeModel({ plan, session, loop }: SupervisedRun): string {
  const { output } = plan.recipe;
  try {
    saveModel(output, session.model, saveOptions(plan, session, loop));
  } catch (error) {
    throw asStorageError(error, output, "the run's last checkpoint holds the finished model");
  }
  const weights = join(output, "model.safetensors");
  if (!existsSync(weights)) return `The model is in ${output}`; // in several files
  const hash = createHash("sha256").update(readFileSync(weights)).digest("hex");
  appendFileSync(join(output, "README.md"), `\nSHA-256 of \`model.safetensors\`: \`${hash}\`\n`);
  return `The model is in ${output} (sha256 of its weights: ${hash})`;
}
