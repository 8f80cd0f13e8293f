/** Pretraining of a small base model from nothing: text in, a Hugging Face folder out. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { learningRateAt } from "../algorithms/learning-rate.ts";
import type { TrainOptions, TrainResult } from "../cli/commands/contracts.ts";
import { chooseDevice, type SaveModelOptions, saveModel } from "../models/load-model.ts";
import { type PretrainRecipe, pretrainSteps } from "../recipe/pretrain-schema.ts";
import { RecipeError } from "../recipe/recipe-error.ts";
import { type Corpus, resolveCorpus } from "../recipe/task-registry.ts";
import { onInterrupt } from "../run/interrupt.ts";
import { Phases } from "../run/phases.ts";
import { Progress } from "../run/progress.ts";
import { type RunDirectory, runPaths } from "../run/run-directory.ts";
import { asStorageError } from "../run/storage-error.ts";
import { startWatchdog } from "../run/watchdog.ts";
import { type DocumentBatch, documentBatches } from "../training/document-batches.ts";
import {
  type LanguageModelUpdateResult,
  languageModelLoss,
  updateLanguageModel,
} from "../training/language-model-update.ts";
import { PHASE_DEADLINE_SECONDS } from "../training/phase-deadline.ts";
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

/** Trains as the recipe says and writes the finished model to `recipe.output`. */
export async function pretrain(recipe: PretrainRecipe, options: TrainOptions): Promise<TrainResult> {
  useThreads(recipe.threads);
  requireOutput(recipe);
  const corpus = resolveCorpus(recipe.corpus, corpora);
  const tokenizer = findTokenizer(recipe);
  chooseDevice(recipe.model.device);
  const directory = openRun(options.runDirectory, recipe, options.resume);
  try {
    const placed = tokenizer.place(join(runPaths(options.runDirectory).root, "tokenizer"));
    const session = new PretrainSession(recipe, placed);
    try {
      const { step, finished } = await train(session, corpus, directory, options.json);
      const status = finished ? "finished" : "interrupted";
      return { status, runDirectory: options.runDirectory, steps: step, summary: null };
    } finally {
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

/** The loop: batches in the stream's order, an update each, evaluations and checkpoints when they are due. */
async function train(
  session: PretrainSession,
  corpus: Corpus,
  directory: RunDirectory,
  json: boolean,
): Promise<{ readonly step: number; readonly finished: boolean }> {
  const { recipe, model, tokenizer, endTokenId } = session;
  const totalSteps = pretrainSteps(recipe);
  let { step, loop } = begin(session, directory);
  const batching = { sequenceLength: recipe.sequenceLength, endTokenId };
  const batches = documentBatches(corpus.documents(recipe.seed), tokenizer, {
    ...batching,
    tokensPerBatch: recipe.batch * recipe.sequenceLength,
    skip: loop.documents,
  });
  const [heldOut] = documentBatches(corpus.documents(recipe.seed + HELD_OUT_SEED), tokenizer, {
    ...batching,
    tokensPerBatch: recipe.evaluation.sequences * recipe.sequenceLength,
    skip: 0,
  });
  const evaluate = (): number => languageModelLoss(model, heldOut?.sequences ?? [], TOKENS_PER_MICRO_BATCH);

  const progress = new Progress({ total: totalSteps, stream: process.stderr });
  const interrupt = onInterrupt(
    (message) => progress.say(message),
    () => process.kill(process.pid, "SIGKILL"),
  );
  const watchdog = startWatchdog();
  const heartbeat = directory.heartbeat();
  const phases = new Phases({
    onChange: (beat) => {
      heartbeat(beat);
      watchdog.observe(beat);
    },
  });
  try {
    let ended = step >= totalSteps;
    while (!ended && !interrupt.requested) {
      const started = performance.now();
      phases.step = step + 1;
      const next = phases.run("data", () => batches.next(), PHASE_DEADLINE_SECONDS);
      if (next.done) break; // A finite corpus may end before the budget.
      const learningRate = learningRateOf(recipe, step);
      const result = phases.run(
        "train",
        () => update(session, next.value, learningRate),
        PHASE_DEADLINE_SECONDS,
      );
      step++;
      ended = step === totalSteps;
      const seconds = (performance.now() - started) / 1000;
      loop = {
        documents: next.value.documentsTaken,
        tokens: loop.tokens + result.tokens,
        seconds: loop.seconds + seconds,
      };
      const due = (every: number): boolean => every > 0 && step % every === 0;
      const metrics = {
        loss: result.loss,
        grad_norm: result.gradientNorm,
        learning_rate: learningRate,
        num_tokens: loop.tokens,
        step_time: seconds,
        "tokens_per_second/train": result.tokens / seconds,
        ...(ended || due(recipe.evaluation.every)
          ? { "evaluation/loss": phases.run("evaluation", evaluate, PHASE_DEADLINE_SECONDS) }
          : {}),
        ...phases.takeMetrics(),
      };
      directory.record({ type: "metrics", step, metrics });
      if (json) process.stdout.write(`${JSON.stringify({ step, ...metrics })}\n`);
      progress.step(step, metrics);
      if (!result.applied) {
        const message = "the gradient was not finite: this step's update was left out";
        directory.record({ type: "warning", step, message });
        progress.say(`warning: ${message}`);
      }
      if (due(recipe.checkpoint.every)) await save(session, corpus, directory, step, loop);
      await nextTurn(); // lets signals through
    }
    await save(session, corpus, directory, step, loop);
    const finished = ended || !interrupt.requested;
    if (finished) progress.say(writeModel(session, corpus, loop));
    directory.record({ type: "finish", step, reason: finished ? "finished" : "interrupted" });
    return { step, finished };
  } finally {
    progress.end();
    interrupt.dispose();
    await watchdog.stop();
  }
}

/** From the checkpoint, or from nothing. */
function begin(
  { recipe, model, optimizer }: PretrainSession,
  directory: RunDirectory,
): { step: number; loop: Loop } {
  const { resumedFrom } = directory;
  if (resumedFrom === undefined) {
    const details = { parameters: model.parameterCount, steps: pretrainSteps(recipe) };
    directory.record({ type: "start", step: 0, details });
    return { step: 0, loop: { documents: 0, tokens: 0, seconds: 0 } };
  }
  const { loop } = restoreTrainingState<Loop>(resumedFrom.path, { model, optimizer, reference: null });
  directory.record({ type: "resume", step: resumedFrom.step });
  return { step: resumedFrom.step, loop };
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

async function save(
  session: PretrainSession,
  corpus: Corpus,
  directory: RunDirectory,
  step: number,
  loop: Loop,
): Promise<void> {
  const { recipe, model, optimizer } = session;
  await directory.checkpoint(
    (folder) =>
      saveTrainingState(
        folder,
        { model, optimizer, reference: null, loop },
        saveOptions(session, corpus, loop),
      ),
    {
      step,
      keep: recipe.checkpoint.keep,
      expectedBytes: trainingStateBytes(model, optimizer, null, session.tokenizerFolder),
    },
  );
}

function saveOptions(session: PretrainSession, corpus: Corpus, loop: Loop): SaveModelOptions {
  const { recipe, model, tokenizerFolder, generation } = session;
  const description = provenance(recipe, corpus.name, model.parameterCount, loop);
  return { tokenizerFolder, generation, card: { title: recipe.name, description } };
}

/** Writes the finished model; returns what to say of it. */
function writeModel(session: PretrainSession, corpus: Corpus, loop: Loop): string {
  const { output } = session.recipe;
  try {
    saveModel(output, session.model, saveOptions(session, corpus, loop));
  } catch (error) {
    throw asStorageError(error, output, "the run's last checkpoint holds the finished model");
  }
  const weights = join(output, "model.safetensors");
  if (!existsSync(weights)) return `The model is in ${output}`; // in several files
  const hash = createHash("sha256").update(readFileSync(weights)).digest("hex");
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
