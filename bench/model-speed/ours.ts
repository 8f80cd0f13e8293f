/** Ours: tokens a second of decoding by batch, and of training, for a random-weight Llama of a shape; prints one JSON object. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AdamW, type Dtype, generator, peakResidentMemory, scope, setThreads, torch } from "@aha/torch";
import { Llama } from "../../packages/aha/src/models/llama.ts";
import { initialiseWeights } from "../../packages/aha/src/models/llama-weights.ts";
import { openModel } from "../../packages/aha/src/models/load-model.ts";
import { makeDecoder } from "../../packages/aha/src/rollout/make-decoder.ts";
import { updateLanguageModel } from "../../packages/aha/src/training/language-model-update.ts";
import type { Shape } from "../flops.ts";
import { llamaConfig } from "../llama-config.ts";
import type { ModelSpeed, ModelSpeedSettings } from "./measurement.ts";

const settings = JSON.parse(process.argv[2] ?? "") as ModelSpeedSettings;
if (settings.threads > 0) setThreads(settings.threads);
const dtype = settings.dtype as Dtype;

function freshModel(): Llama {
  if (settings.folder !== null)
    return openModel(settings.folder, { dtype, device: settings.device }).model as Llama;
  const shapes = JSON.parse(readFileSync(join(import.meta.dirname, "../shapes.json"), "utf8")) as Record<
    string,
    Shape
  >;
  const shape = shapes[settings.shape];
  if (shape === undefined) throw new RangeError(`no shape "${settings.shape}" in shapes.json`);
  const config = llamaConfig(shape, settings.dtype);
  return new Llama(config, initialiseWeights(config, generator(0), dtype, settings.device), 2048);
}

/** New tokens a second of a batch of completions, the prompt's pass left out. */
function decodingRate(model: Llama, batch: number): number {
  const { promptTokens, newTokens } = settings;
  const prompt = Array.from({ length: promptTokens }, (_, index) => (index * 7) % 100);
  const rates = Array.from({ length: settings.rounds }, () => {
    const decoder = makeDecoder(
      model,
      [{ promptTokenIds: prompt, seeds: Array.from({ length: batch }, (_, seed) => BigInt(seed)) }],
      {
        ...{ temperature: 1, topP: 1, topK: 0, minP: 0, maxNewTokens: newTokens },
        ...{ eosTokenIds: new Set<number>(), capacity: batch, speculative: false },
      },
    );
    decoder.step(); // holds the prompt's pass
    const before = decoder.generated;
    const started = performance.now();
    while (!decoder.finished) decoder.step();
    return ((decoder.generated - before) * 1000) / (performance.now() - started);
  });
  return Math.max(...rates);
}

/** Tokens a second of whole updates: forward, backward, AdamW. */
function trainingRate(model: Llama): number {
  const { sequences, length } = settings.training;
  model.trainable();
  const optimizer = new AdamW(model.parameters(), { learningRate: 1e-5 });
  const examples = Array.from({ length: sequences }, (_, row) => ({
    tokenIds: Array.from({ length }, (_, index) => (row * 31 + index * 7) % 400),
    counted: null,
  }));
  const update = (): void => {
    updateLanguageModel(model, optimizer, examples, {
      ...{ learningRate: 1e-5, maxGradientNorm: 1, tokensPerMicroBatch: sequences * length },
    });
  };
  update();
  const rates = Array.from({ length: settings.rounds }, () => {
    const started = performance.now();
    update();
    return (sequences * length * 1000) / (performance.now() - started);
  });
  optimizer.dispose();
  return Math.max(...rates);
}

/** Bytes a second that reading a gigabyte takes: what decoding one sequence is bound by. */
function bandwidth(): number {
  return scope(() => {
    const large = torch.ones([2 ** 28], { device: settings.device });
    const times = Array.from({ length: 8 }, () => {
      const started = performance.now();
      scope(() => large.sum().item());
      return performance.now() - started;
    });
    return (2 ** 30 * 1000) / Math.min(...times);
  });
}

/** GFLOP/s of a square product. */
function gemm(): number {
  return scope(() => {
    const size = 2048;
    const [left, right] = [0, 1].map(() => torch.randn([size, size]).to(dtype).to(settings.device));
    if (left === undefined || right === undefined) return Number.NaN;
    const times = Array.from({ length: 20 }, () => {
      const started = performance.now();
      scope(() => left.matmul(right).select(0, 0).select(0, 0).item());
      return performance.now() - started;
    });
    return (2e-6 * size ** 3) / Math.min(...times);
  });
}

const model = freshModel();
const parameters = model.parameterCount;
const decoding = Object.fromEntries(settings.batches.map((batch) => [batch, decodingRate(model, batch)]));
const result: ModelSpeed = {
  implementation: "Aha",
  parameters,
  decodingTokensPerSecond: decoding,
  trainingTokensPerSecond: settings.training.sequences > 0 ? trainingRate(model) : null,
  bandwidthBytesPerSecond: bandwidth(),
  gemmGigaflops: gemm(),
  peakBytes: peakResidentMemory(),
};
console.log(JSON.stringify(result));
