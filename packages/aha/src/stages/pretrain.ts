/** Pretraining of a small base model from nothing: text in, a Hugging Face folder out. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { AdamW, generator } from "@aha/torch";
import { learningRateAt } from "../algorithms/learning-rate.ts";
import type { TrainOptions, TrainResult } from "../cli/commands/contracts.ts";
import type { GenerationConfig } from "../folder/generation-config.ts";
import type { ModelConfig } from "../folder/model-config.ts";
import { loadTokenizer, type Tokenizer } from "../folder/tokenizer.ts";
import { Llama } from "../models/llama.ts";
import { initialiseWeights, weightsAs } from "../models/llama-weights.ts";
import { chooseDevice, saveModel } from "../models/load-model.ts";
import { type PretrainRecipe, pretrainSteps } from "../recipe/pretrain-schema.ts";
import { isTokenizerBuilder, resolveCorpus, resolveReference } from "../recipe/task-registry.ts";
import { onInterrupt } from "../run/interrupt.ts";
import { Phases } from "../run/phases.ts";
import { Progress } from "../run/progress.ts";
import { runPaths } from "../run/run-directory.ts";
import { documentBatches } from "../training/document-batches.ts";
import { languageModelLoss, updateLanguageModel } from "../training/language-model-update.ts";
import { openRun } from "../training/run-setup.ts";
import { useThreads } from "../training/threads.ts";
import { restoreTrainingState, saveTrainingState, trainingStateBytes } from "../training/training-state.ts";
import { corpora, tokenizers } from "./registries.ts";

const TOKENS_PER_MICRO_BATCH = 16_384;
/** Seeds of the held-out text lie apart from those of the training text. */
const HELD_OUT_SEED = 1_000_003;

type Loop = { readonly documents: number; readonly tokens: number; readonly seconds: number };

/** Puts the tokenizer's files where the run can copy them from, and opens them. */
function prepareTokenizer(recipe: PretrainRecipe, folder: string): { folder: string; tokenizer: Tokenizer } {
  if (typeof recipe.tokenizer === "string") {
    return { folder: recipe.tokenizer, tokenizer: loadTokenizer(recipe.tokenizer) };
  }
  const builder = isTokenizerBuilder(recipe.tokenizer)
    ? recipe.tokenizer
    : resolveReference(recipe.tokenizer, tokenizers, "tokenizer");
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(builder.build())) {
    writeFileSync(join(folder, name), `${JSON.stringify(content, null, 1)}\n`);
  }
  return { folder, tokenizer: loadTokenizer(folder) };
}

function configFor(recipe: PretrainRecipe, tokenizer: Tokenizer, dtype: ModelConfig["dtype"]): ModelConfig {
  const { model } = recipe;
  return {
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: model.hiddenSize,
    layers: model.layers,
    heads: model.heads,
    keyValueHeads: model.keyValueHeads,
    headDimension: model.hiddenSize / model.heads,
    intermediateSize: model.intermediateSize,
    maxPositions: model.maxPositions,
    normEpsilon: model.normEpsilon,
    ropeTheta: model.ropeTheta,
    tieEmbeddings: model.tieEmbeddings,
    initializerRange: model.initializerRange,
    dtype,
    bosTokenId: tokenizer.bosTokenId,
    eosTokenIds: tokenizer.eosTokenId === null ? [] : [tokenizer.eosTokenId],
    padTokenId: tokenizer.padTokenId,
  };
}

/** Trains as the recipe says and writes the finished model to `recipe.output`. */
export async function pretrain(recipe: PretrainRecipe, options: TrainOptions): Promise<TrainResult> {
  useThreads(recipe.threads);
  const run = openRun(options.runDirectory, recipe, options.resume);
  const { folder: tokenizerFolder, tokenizer } = prepareTokenizer(
    recipe,
    join(runPaths(options.runDirectory).root, "tokenizer"),
  );
  const corpus = resolveCorpus(recipe.corpus, corpora);
  const dtype = recipe.model.dtype === "auto" ? "bfloat16" : recipe.model.dtype;
  const device = chooseDevice(recipe.model.device);
  const config = configFor(recipe, tokenizer, dtype);
  const initial = initialiseWeights(config, generator(recipe.seed), "float32", device);
  const model = new Llama(config, weightsAs(initial, dtype)).trainable();
  const { learningRate, betas, epsilon, weightDecay } = recipe;
  const optimizer = new AdamW(model.parameters(), { learningRate, betas, epsilon, weightDecay });
  const totalSteps = pretrainSteps(recipe);
  const endTokenId = tokenizer.eosTokenId ?? 0;
  const generation: GenerationConfig = {
    eosTokenIds: [endTokenId],
    bosTokenId: tokenizer.bosTokenId,
    padTokenId: tokenizer.padTokenId,
    temperature: null,
    topP: null,
    topK: null,
    minP: null,
  };
  let loop: Loop = { documents: 0, tokens: 0, seconds: 0 };
  let step = 0;
  if (run.resumedFrom !== undefined) {
    loop = restoreTrainingState<Loop>(run.resumedFrom.path, { model, optimizer, reference: null }).loop;
    step = run.resumedFrom.step;
    run.record({ type: "resume", step });
  } else {
    run.record({ type: "start", step: 0, details: { parameters: model.parameterCount, steps: totalSteps } });
  }

  const batchOptions = { sequenceLength: recipe.sequenceLength, endTokenId };
  const tokensPerBatch = recipe.batch * recipe.sequenceLength;
  const heldOutTokens = recipe.evaluation.sequences * recipe.sequenceLength;
  const [heldOut] = documentBatches(corpus.documents(recipe.seed + HELD_OUT_SEED), tokenizer, {
    ...batchOptions,
    tokensPerBatch: heldOutTokens,
    skip: 0,
  });
  const evaluate = (): number => languageModelLoss(model, heldOut?.sequences ?? [], TOKENS_PER_MICRO_BATCH);
  const card = (): { title: string; description: string } => ({
    title: recipe.name,
    description: provenance(recipe, corpus.name, model.parameterCount, loop),
  });
  const saveOptions = () => ({ tokenizerFolder, generation, card: card() });
  const save = (): Promise<unknown> =>
    run.checkpoint(
      (folder) => saveTrainingState(folder, { model, optimizer, reference: null, loop }, saveOptions()),
      {
        step,
        keep: recipe.checkpoint.keep,
        expectedBytes: trainingStateBytes(model, optimizer, null),
      },
    );

  const progress = new Progress({ total: totalSteps, stream: process.stderr });
  const interrupt = onInterrupt(
    (message) => progress.say(message),
    () => process.kill(process.pid, "SIGKILL"),
  );
  const phases = new Phases({ onChange: run.heartbeat() });
  const batches = documentBatches(corpus.documents(recipe.seed), tokenizer, {
    ...batchOptions,
    tokensPerBatch,
    skip: loop.documents,
  });
  try {
    while (step < totalSteps && !interrupt.requested) {
      const started = performance.now();
      const next = phases.run("data", () => batches.next());
      if (next.done) break; // A finite corpus may end before the budget.
      const { sequences, documentsTaken } = next.value;
      const rate = learningRateAt(step, {
        peak: learningRate,
        warmupSteps: recipe.warmup,
        totalSteps,
        form: "cosine",
        finalFraction: recipe.finalLearningRateFraction,
      });
      const result = phases.run("train", () =>
        updateLanguageModel(model, optimizer, sequences, {
          learningRate: rate,
          maxGradientNorm: recipe.maxGradientNorm,
          tokensPerMicroBatch: TOKENS_PER_MICRO_BATCH,
        }),
      );
      step++;
      if (!result.applied)
        run.record({ type: "warning", step, message: "gradient not finite: this step was left out" });
      const seconds = (performance.now() - started) / 1000;
      loop = {
        documents: documentsTaken,
        tokens: loop.tokens + result.tokens,
        seconds: loop.seconds + seconds,
      };
      const { every } = recipe.evaluation;
      const due = every > 0 ? step % every === 0 || step === totalSteps : step === totalSteps;
      const metrics = {
        loss: result.loss,
        grad_norm: result.gradientNorm,
        learning_rate: rate,
        num_tokens: loop.tokens,
        step_time: seconds,
        "tokens_per_second/train": result.tokens / seconds,
        ...(due ? { "evaluation/loss": phases.run("evaluation", evaluate) } : {}),
        ...phases.takeMetrics(),
      };
      run.record({ type: "metrics", step, metrics });
      progress.step(step, metrics);
      if (recipe.checkpoint.every > 0 && step % recipe.checkpoint.every === 0) await save();
      await nextTurn();
    }
    await save();
    const finished = step >= totalSteps || !interrupt.requested;
    if (finished) {
      saveModel(recipe.output, model, saveOptions());
      progress.say(`The model is in ${recipe.output} (sha256 of its weights: ${weightsHash(recipe.output)})`);
    }
    run.record({ type: "finish", step, reason: finished ? "finished" : "interrupted" });
    return {
      status: finished ? "finished" : "interrupted",
      runDirectory: options.runDirectory,
      steps: step,
      summary: null,
    };
  } finally {
    progress.end();
    interrupt.dispose();
    run.close();
    optimizer.dispose();
    model.dispose();
  }
}

function weightsHash(folder: string): string {
  return createHash("sha256")
    .update(readFileSync(join(folder, "model.safetensors")))
    .digest("hex");
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
