/** Our side of the GRPO comparison: steps of the real trainer on a random-weight Llama, timed; prints one JSON object. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generator, peakResidentMemory, setThreads, version } from "@aha/torch";
import { Llama } from "../packages/aha/src/models/llama.ts";
import { initialiseWeights, weightsAs } from "../packages/aha/src/models/llama-weights.ts";
import { saveModel } from "../packages/aha/src/models/load-model.ts";
import { defineRecipe } from "../packages/aha/src/recipe/index.ts";
import type { SamplingOptions } from "../packages/aha/src/rollout/decoder.ts";
import { Phases } from "../packages/aha/src/run/phases.ts";
import { worldTokenizer } from "../packages/aha/src/stages/registries.ts";
import type { Question, Task } from "../packages/aha/src/tasks/task.ts";
import { PolicySession } from "../packages/aha/src/training/policy-session.ts";
import { questionsOfStep } from "../packages/aha/src/training/question-order.ts";
import { learnFromStep, sampleStep } from "../packages/aha/src/training/reinforcement-step.ts";
import type { Shape } from "./flops.ts";
import { llamaConfig } from "./llama-config.ts";
import type { GrpoMeasurement, GrpoSettings } from "./measurement.ts";

interface OurSettings extends GrpoSettings {
  /** Activations are computed again in backward: the comparison is with it off, as on the peer's side. */
  readonly recompute: boolean;
}

function readSettings(): OurSettings {
  const text = (value: string) => ({ type: "string", default: value }) as const;
  const { values } = parseArgs({
    options: {
      shape: text("3m"),
      questions: text("8"),
      group: text("16"),
      "prompt-tokens": text("32"),
      "new-tokens": text("96"),
      dtype: text("float32"),
      steps: text("3"),
      beta: text("0.001"),
      recompute: { type: "boolean", default: false },
    },
  });
  return {
    recompute: values.recompute,
    shape: values.shape,
    questions: Number(values.questions),
    group: Number(values.group),
    promptTokens: Number(values["prompt-tokens"]),
    newTokens: Number(values["new-tokens"]),
    dtype: values.dtype === "bfloat16" ? "bfloat16" : "float32",
    steps: Number(values.steps),
    beta: Number(values.beta),
  };
}

/** Random weights of the shape as a model folder, as the peer's side makes one. */
function makeModelFolder(folder: string, shape: Shape, settings: GrpoSettings): void {
  for (const [name, content] of Object.entries(worldTokenizer().build())) {
    writeFileSync(join(folder, name), JSON.stringify(content));
  }
  const config = llamaConfig(shape, settings.dtype);
  const model = new Llama(config, weightsAs(initialiseWeights(config, generator(0)), settings.dtype), 8);
  const none = { bosTokenId: null, padTokenId: null, temperature: null, topP: null, topK: null, minP: null };
  saveModel(folder, model, {
    tokenizerFolder: folder,
    generation: { eosTokenIds: [], ...none },
    card: { title: "bench", description: "Random weights." },
  });
  model.dispose();
}

/** Prompts of single-token numbers, and a reward that differs within a group and costs nothing. */
function makeTask(settings: GrpoSettings): Task {
  const train = Array.from({ length: settings.questions * (settings.steps + 1) }, (_, question): Question => {
    const numbers = Array.from(
      { length: settings.promptTokens },
      (_, index) => (question * 31 + index * 7) % 100,
    );
    return { id: String(question), prompt: numbers.map((number) => ` ${number}`).join(""), columns: {} };
  });
  const judge = ({ completion }: { completion: string }) => ({ value: (completion.length % 97) / 97 });
  return { name: "bench", train, heldOut: [], rewards: [{ name: "length", weight: 1, judge }] };
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] as number;
  return Number.isInteger(middle) ? ((sorted[middle - 1] as number) + upper) / 2 : upper;
};

async function measure(settings: OurSettings, folder: string): Promise<GrpoMeasurement> {
  const shapes = JSON.parse(readFileSync(join(import.meta.dirname, "shapes.json"), "utf8")) as Record<
    string,
    Shape
  >;
  const shape = shapes[settings.shape];
  if (shape === undefined)
    throw new RangeError(`--shape ${settings.shape}: expected ${Object.keys(shapes).join(" or ")}`);
  const threads = availableParallelism();
  setThreads(threads);
  makeModelFolder(folder, shape, settings);
  const task = makeTask(settings);
  const recipe = defineRecipe({
    stage: "rl",
    name: "bench",
    model: { path: folder, dtype: settings.dtype },
    task,
    rl: {
      steps: settings.steps + 1,
      questionsPerStep: settings.questions,
      groupSize: settings.group,
      maxNewTokens: settings.newTokens,
      learningRate: 1e-5,
      klCoefficient: settings.beta,
      recomputeActivations: settings.recompute,
    },
  });
  const session = new PolicySession(recipe);
  // As on the peer's side no completion ends before its full length.
  (session as { sampling: SamplingOptions }).sampling = { ...session.sampling, eosTokenIds: new Set() };
  const stepSeconds: number[] = [];
  const generating: number[] = [];
  for (let step = 0; step <= settings.steps; step++) {
    const started = performance.now();
    const questions = questionsOfStep(task.train, step, settings.questions, 0);
    const phases = new Phases();
    const sampled = await sampleStep(session, task, questions, step, phases);
    learnFromStep(session, sampled, step, phases);
    if (step === 0) continue; // not timed, as on the peer's side
    stepSeconds.push((performance.now() - started) / 1000);
    generating.push(sampled.rolloutSeconds);
  }
  const secondsPerStep = median(stepSeconds);
  const generationSeconds = median(generating);
  const trainingSeconds = median(
    stepSeconds.map((seconds, index) => seconds - (generating[index] as number)),
  );
  const sequences = settings.questions * settings.group;
  const parameters = session.policy.parameterCount;
  session.dispose();
  return {
    implementation: "aha",
    versions: { libtorch: version(), node: process.version },
    settings,
    threads,
    parameters,
    stepSeconds,
    secondsPerStep,
    generationSeconds,
    trainingSeconds,
    rolloutTokensPerSecond: (sequences * settings.newTokens) / generationSeconds,
    trainingTokensPerSecond: (sequences * (settings.promptTokens + settings.newTokens)) / trainingSeconds,
    peakBytes: peakResidentMemory(),
  };
}

const folder = mkdtempSync(join(tmpdir(), "aha-bench-"));
try {
  console.log(JSON.stringify(await measure(readSettings(), folder)));
} finally {
  rmSync(folder, { recursive: true });
}
