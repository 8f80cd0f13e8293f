/** Pretraining of a small base model from nothing: text in, a Hugging Face folder out. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { learningRateAt } from "../algorithms/learning-rate.ts";
import type { TrainOptions, TrainResult } from "../contracts/work.ts";
import { chooseDevice, type SaveModelOptions, saveModel } from "../models/load-model.ts";
import { type PretrainRecipe, pretrainSteps } from "../recipe/pretrain-schema.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import { type Corpus, resolveCorpus } from "../recipe/task-registry.ts";
import { type RunDirectory, runPaths } from "../run/run-directory.ts";
import { asStorageError } from "../run/storage-error.ts";
import { type DocumentBatch, documentBatches } from "../training/document-batches.ts";
import {
  type LanguageModelUpdateResult,
  languageModelLoss,
  updateLanguageModel,
} from "../training/language-model-update.ts";
import { PHASE_DEADLINE_SECONDS } from "../training/phase-deadline.ts";
import { openMonitor, type RunMonitor } from "../training/run-monitor.ts";
import { openRun } from "../training/run-setup.ts";
import { useThreads } from "../training/threads.ts";
import { restoreTrainingState, saveTrainingState, trainingStateBytes } from "../training/training-state.ts";
import { findTokenizer, PretrainSession } from "./pretrain-session.ts";
import { corpora } from "./registries.ts";

const TOKENS_PER_MICRO_BATCH = 16_384;
/** Seeds of the held-out text lie apart from those of the training text. */
const HELD_OUT_SEED = 1_000_003;

/** What the loop remembers between steps, and a checkpoint keeps. */
type Loop = { readonly documents: number; readonly tokens: number; readonly seconds: number };

/** A run under way: what its parts share. */
interface PretrainRun {
  readonly session: PretrainSession;
  readonly corpus: Corpus;
  readonly directory: RunDirectory;
  readonly monitor: RunMonitor;
  /** Whether standard output gets a JSON line a step. */
  readonly json: boolean;
  /** Steps made. */
  step: number;
  loop: Loop;
}

/** Trains as the recipe says and writes the finished model to `recipe.output`. */
export async function pretrain(recipe: PretrainRecipe, options: TrainOptions): Promise<TrainResult> {
  useThreads(recipe.threads);
  requireOutput(recipe);
  const corpus = resolveCorpus(recipe.corpus, corpora);
  const tokenizer = findTokenizer(recipe);
  chooseDevice(recipe.model.device);
  const { runDirectory, json } = options;
  const directory = openRun(runDirectory, recipe, options.resume);
  try {
    const placed = tokenizer.place(join(runPaths(runDirectory).root, "tokenizer"));
    const session = new PretrainSession(recipe, placed);
    const monitor = openMonitor(directory, pretrainSteps(recipe));
    const loop: Loop = { documents: 0, tokens: 0, seconds: 0 };
    try {
      const run: PretrainRun = { session, corpus, directory, monitor, json, step: 0, loop };
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
function requireOutput({ output }: PretrainRecipe): void {
  if (!existsSync(output) || statSync(output).isDirectory()) return;
  throw new RecipeError([{ path: "output", message: `${output} is a file; name a folder for the model` }]);
}

/** Takes batches in the stream's order until the budget is spent or the corpus ends; false where Ctrl-C came first. */
async function train(run: PretrainRun): Promise<boolean> {
  const { session, monitor, directory } = run;
  begin(run);
  const batches = batchesOf(run, session.recipe.seed, session.recipe.batch, run.loop.documents);
  const { seed, evaluation, checkpoint } = session.recipe;
  const [heldOut] = batchesOf(run, seed + HELD_OUT_SEED, evaluation.sequences, 0);
  let ended = run.step >= pretrainSteps(session.recipe);
  while (!ended && !monitor.interrupt.requested) {
    const started = performance.now();
    const next = monitor.phases.run("data", () => batches.next(), PHASE_DEADLINE_SECONDS);
    if (next.done) ended = true;
    else {
      trainStep(run, next.value, heldOut?.sequences ?? [], started);
      ended = run.step === pretrainSteps(session.recipe);
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
function begin(run: PretrainRun): void {
  const { directory, session } = run;
  const { recipe, model, optimizer } = session;
  const { resumedFrom } = directory;
  if (resumedFrom === undefined) {
    const details = { parameters: model.parameterCount, steps: pretrainSteps(recipe) };
    directory.record({ type: "start", step: 0, details });
    return;
  }
  run.loop = restoreTrainingState<Loop>(resumedFrom.path, { model, optimizer, reference: null }).loop;
  run.step = resumedFrom.step;
  directory.record({ type: "resume", step: run.step });
}

/** The corpus of a seed in batches of so many sequences' tokens, past the first `skip` documents. */
function batchesOf(
  { session, corpus }: PretrainRun,
  seed: number,
  sequences: number,
  skip: number,
): Generator<DocumentBatch> {
  const { recipe, tokenizer, endTokenId } = session;
  const { sequenceLength } = recipe;
  const tokensPerBatch = sequences * sequenceLength;
  return documentBatches(corpus.documents(seed), tokenizer, {
    tokensPerBatch,
    sequenceLength,
    endTokenId,
    skip,
  });
}

/** One update, with its metrics; the held-out loss where it is due. The step's clock began at `started`. */
function trainStep(
  run: PretrainRun,
  batch: DocumentBatch,
  heldOut: DocumentBatch["sequences"],
  started: number,
): void {
  const { session, directory, monitor, json } = run;
  const { phases, progress } = monitor;
  const { recipe, model } = session;
  const learningRate = learningRateOf(recipe, run.step);
  const step = ++run.step;
  phases.step = step;
  const result = phases.run("train", () => update(session, batch, learningRate), PHASE_DEADLINE_SECONDS);
  const seconds = (performance.now() - started) / 1000;
  const { tokens, seconds: before } = run.loop;
  run.loop = {
    documents: batch.documentsTaken,
    tokens: tokens + result.tokens,
    seconds: before + seconds,
  };
  const { every } = recipe.evaluation;
  const due = step === pretrainSteps(recipe) || (every > 0 && step % every === 0);
  const evaluate = (): number => languageModelLoss(model, heldOut, TOKENS_PER_MICRO_BATCH);
  const metrics = {
    loss: result.loss,
    grad_norm: result.gradientNorm,
    learning_rate: learningRate,
    num_tokens: run.loop.tokens,
    step_time: seconds,
    "tokens_per_second/train": result.tokens / seconds,
    ...(due ? { "evaluation/loss": phases.run("evaluation", evaluate, PHASE_DEADLINE_SECONDS) } : {}),
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

function learningRateOf(recipe: PretrainRecipe, step: number): number {
  return learningRateAt(step, {
    peak: recipe.learningRate,
    warmupSteps: recipe.warmup,
    totalSteps: pretrainSteps(recipe),
    form: "cosine",
    finalFraction: recipe.finalLearningRateFraction,
  });
}

function update(
  { recipe, model, optimizer }: PretrainSession,
  { sequences }: DocumentBatch,
  learningRate: number,
): LanguageModelUpdateResult {
  const { maxGradientNorm } = recipe;
  return updateLanguageModel(model, optimizer, sequences, {
    learningRate,
    maxGradientNorm,
    tokensPerMicroBatch: TOKENS_PER_MICRO_BATCH,
  });
}

async function save({ session, corpus, directory, monitor, step, loop }: PretrainRun): Promise<void> {
  const { recipe, model, optimizer, tokenizerFolder } = session;
  const write = (folder: string) =>
    saveTrainingState(
      folder,
      { model, optimizer, reference: null, loop },
      saveOptions(session, corpus, loop),
    );
  const expectedBytes = trainingStateBytes(model, optimizer, null, tokenizerFolder);
  await monitor.phases.runAsync(
    "checkpoint",
    () => directory.checkpoint(write, { step, keep: recipe.checkpoint.keep, expectedBytes }),
    PHASE_DEADLINE_SECONDS,
  );
}

function saveOptions(session: PretrainSession, corpus: Corpus, loop: Loop): SaveModelOptions {
  const { recipe, model, tokenizerFolder, generation } = session;
  const description = provenance(recipe, corpus.name, model.parameterCount, loop);
  return { tokenizerFolder, generation, card: { title: recipe.name, description } };
}

/** Writes the finished model; returns what to say of it. */
function writeModel({ session, corpus, loop }: PretrainRun): string {
  const { output } = session.recipe;
  try {
    saveModel(output, session.model, saveOptions(session, corpus, loop));
  } catch (error) {
    throw asStorageError(error, output, "the run's last checkpoint holds the finished model");
  }
  const weights = join(output, "model.safetensors");
  if (!existsSync(weights)) return `The model is in ${output}`; // in several files
  const hash = createHash("sha256").update(readFileSync(weights)).digest("hex");
  appendFileSync(join(output, "README.md"), `\nSHA-256 of \`model.safetensors\`: \`${hash}\`\n`);
  return `The model is in ${output} (sha256 of its weights: ${hash})`;
}

/** What a reader of the model card must know: from where, from what, how much. */
function provenance(recipe: PretrainRecipe, corpus: string, parameters: number, loop: Loop): string {
  const { hiddenSize, layers, heads } = recipe.model;
  return [
    `A base model of ${(parameters / 1e6).toFixed(2)} million parameters (${layers} layers, width ${hiddenSize}, ${heads} heads), `,
    `pretrained from nothing by the recipe \`${recipe.name}\` on the generated corpus \`${corpus}\`:\n\n`,
    `- seed ${recipe.seed}\n- ${loop.tokens} predicted tokens in ${loop.documents} documents\n`,
    `- ${Math.round(loop.seconds)} s of training on this project's own trainer\n\n`,
    "It has met only this corpus. It is the starting point of reinforcement learning, not a model to be used as it is.",
  ].join("");
}
