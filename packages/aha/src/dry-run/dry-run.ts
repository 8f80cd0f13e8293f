/**
 * `--dry-run`: everything about a recipe that can be known before its weights are fetched and a GPU is paid for: data and prompts,
 * positions, memory, and one step of the real code on random weights of the model's shape.
 */
import { generator } from "@aha/torch";
import type { Finding } from "../contracts/work.ts";
import { denseConfig } from "../folder/decoder-config.ts";
import { loadTokenizer, type Tokenizer } from "../folder/tokenizer.ts";
import { freshAdapter } from "../lora/adapter.ts";
import { modelSize } from "../models/fresh-model.ts";
import { chooseDevice, chooseDtype } from "../models/load-model.ts";
import type { Recipe } from "../recipe/define-recipe.ts";
import type { LoraRecipe } from "../recipe/lora-field.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import type { SupervisedRecipe } from "../recipe/supervised-schema.ts";
import { loadTask } from "../recipe/task-registry.ts";
import { promptTokenIds } from "../rollout/rollout.ts";
import { formatBytes } from "../run/storage-error.ts";
import { firstRows } from "../stages/supervised-data.ts";
import type { Question, Task } from "../tasks/task.ts";
import { knownTasks } from "../tools/known-tasks.ts";
import {
  chooseTokensPerMicroBatch,
  estimateMemory,
  freeMemory,
  type MemoryEstimate,
} from "../training/estimate.ts";
import { runMemory, runSizes, type SizedModel } from "../training/run-sizes.ts";
import { type ModelShape, modelShape } from "./model-shape.ts";
import { reducedShape } from "./reduced-shape.ts";
import {
  type Rehearsal,
  type RehearsalModel,
  rehearseReinforcement,
  rehearseSupervised,
} from "./rehearsal.ts";

export interface DryRunOptions {
  /** A folder with the tokenizer, where the model's is not here. */
  readonly tokenizer?: string;
  /** Bytes of the device that will train; default: what this machine has free. */
  readonly deviceMemory?: number;
}

type Trained = ReinforcementRecipe | SupervisedRecipe;

const QUESTIONS_LOOKED_AT = 500;
const MOST_REHEARSAL_BYTES = 6 * 2 ** 30;
const billions = (count: number): string =>
  count >= 1e9 ? `${(count / 1e9).toFixed(2)}B` : `${(count / 1e6).toFixed(1)}M`;

/** What was found, in the order looked at; it goes as far as it can and throws only for what is no finding. */
export async function dryRun(recipe: Recipe, options: DryRunOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [{ name: "recipe", status: "ok", detail: summaryOf(recipe) }];
  if (recipe.stage !== "rl" && recipe.stage !== "sft") return findings;
  const shape = await attempt(findings, "model", () => modelShape(recipe.model.path));
  if (shape === null) return findings;
  const folder = options.tokenizer ?? shape.tokenizer;
  const tokenizer =
    folder === null ? null : await attempt(findings, "tokenizer", () => loadTokenizer(folder));
  const sized = await attempt(findings, "model", () => sizedModel(recipe, shape));
  if (sized === null || (folder !== null && tokenizer === null)) return findings;
  findings.push(describeModel(shape, sized), describeTokenizer(folder, tokenizer));
  const model: RehearsalModel = { config: shape.config, tokenizer: folder };
  if (recipe.stage === "rl") await lookAtReinforcement(recipe, sized, model, tokenizer, options, findings);
  else await lookAtSupervised(recipe, sized, model, options, findings);
  return findings;
}

/** The value, or null with a finding of what failed. */
async function attempt<Value>(
  findings: Finding[],
  name: string,
  body: () => Value | Promise<Value>,
): Promise<Value | null> {
  try {
    return await body();
  } catch (error) {
    findings.push({ name, status: "failed", detail: error instanceof Error ? error.message : String(error) });
    return null;
  }
}

function summaryOf(recipe: Recipe): string {
  if (recipe.stage === "rl") {
    const { steps, questionsPerStep, groupSize, maxNewTokens } = recipe.rl;
    const samples = questionsPerStep * groupSize;
    return `"${recipe.name}" is valid: ${steps} steps of ${questionsPerStep} questions × ${groupSize} completions (${samples}) of up to ${maxNewTokens} tokens`;
  }
  return `"${recipe.name}" is valid (stage ${recipe.stage})`;
}

function sizedModel({ model }: Trained, { config }: ModelShape): SizedModel {
  const size = modelSize(config);
  const device = chooseDevice(model.device);
  // A checkpoint's bfloat16 is what a GPU computes in, whatever this machine's processor would.
  const dtype =
    model.dtype === "auto" ? chooseDtype("auto", config, "cuda") : chooseDtype(model.dtype, config, device);
  const adapter = model.lora === undefined ? null : adapterSize(model.lora, config);
  return { config, ...size, adapter, width: dtype === "float32" ? 4 : 2 };
}

function adapterSize(lora: LoraRecipe, config: ModelShape["config"]): number {
  const { rank, alpha, dropout, rslora: rankStabilised, targetModules } = lora;
  const settings = { base: null, rank, alpha, dropout, rankStabilised, targetModules };
  const dense = denseConfig({ ...config, layers: 1 }, "the recipe", "model.lora");
  const adapter = freshAdapter(dense, settings, generator(0n), "float32", "cpu");
  const numbers = adapter.parameters().reduce((sum, tensor) => sum + tensor.elementCount, 0);
  adapter.dispose();
  return numbers * config.layers;
}

function describeModel({ source, config }: ModelShape, { parameters, adapter, width }: SizedModel): Finding {
  const trained =
    adapter === null ? "all of them trained" : `frozen, with an adapter of ${billions(adapter)}`;
  const detail = `${config.family}, ${billions(parameters)} parameters (${trained}) in ${width === 2 ? "bfloat16" : "float32"}; from ${source}`;
  return { name: "model", status: "ok", detail };
}

function describeTokenizer(folder: string | null, tokenizer: Tokenizer | null): Finding {
  if (folder !== null) {
    return { name: "tokenizer", status: "ok", detail: `${tokenizer?.vocabularySize} tokens, from ${folder}` };
  }
  return {
    name: "tokenizer",
    status: "warning",
    detail: "not on this machine: texts are counted in bytes, about four times as many, and rehearsed so",
    remedy:
      "Fetch the model by `aha pull`, or name a folder that holds its tokenizer.json: --tokenizer <folder>",
  };
}

async function lookAtReinforcement(
  recipe: ReinforcementRecipe,
  sized: SizedModel,
  model: RehearsalModel,
  tokenizer: Tokenizer | null,
  options: DryRunOptions,
  findings: Finding[],
): Promise<void> {
  const task = await attempt(findings, "data", () => loadTask(recipe.task, knownTasks));
  if (task === null) return;
  const lengths = await attempt(findings, "data", () => promptLengths(task, tokenizer));
  if (lengths === null) return;
  findings.push(describeData(task, lengths), describeRoom(recipe, sized, lengths, tokenizer !== null));
  const memory = runMemory(recipe, sized, runSizes(recipe, sized), lengths.mean);
  findings.push(describeMemory(memory, options.deviceMemory));
  await rehearse(findings, model, (small) => rehearseReinforcement(recipe, task, small));
}

async function lookAtSupervised(
  recipe: SupervisedRecipe,
  sized: SizedModel,
  model: RehearsalModel,
  options: DryRunOptions,
  findings: Finding[],
): Promise<void> {
  const rows = await attempt(findings, "data", () => firstRows(recipe.data, 8));
  if (rows === null) return;
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  findings.push(
    rows.length === 0
      ? { name: "data", status: "failed", detail: "holds no rows" }
      : { name: "data", status: "ok", detail: `can be read; the first row's columns: ${columns}` },
  );
  if (rows.length === 0) return;
  const { config, parameters, adapter, cachedPerToken, width } = sized;
  const recomputed = recipe.recomputeActivations;
  const memory = estimateMemory({
    ...{ config, parameters, cachedPerToken, width, recomputed, withReference: false },
    ...(adapter === null ? {} : { adapter }),
    tokensPerMicroBatch:
      recipe.tokensPerMicroBatch ||
      chooseTokensPerMicroBatch(config, width, adapter ?? parameters, recomputed),
    ...{ capacity: 0, promptTokens: 0, questions: 0, maxNewTokens: 0 },
  });
  findings.push(describeMemory(memory, options.deviceMemory));
  await rehearse(findings, model, (small) => rehearseSupervised(recipe, rows, small));
}

interface Lengths {
  readonly mean: number;
  readonly longest: number;
}

/** In tokens, or in bytes where there is no tokenizer; of the first questions of each split. */
function promptLengths(task: Task, tokenizer: Tokenizer | null): Lengths {
  const bytes = ({ prompt }: Question): number =>
    Buffer.byteLength(typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join("\n"));
  const lengths = [task.train, task.heldOut].flatMap((questions) =>
    questions
      .slice(0, QUESTIONS_LOOKED_AT)
      .map((question) => (tokenizer === null ? bytes(question) : promptTokenIds(tokenizer, question).length)),
  );
  if (lengths.length === 0) return { mean: 0, longest: 0 };
  return {
    mean: Math.round(lengths.reduce((sum, length) => sum + length, 0) / lengths.length),
    longest: Math.max(...lengths),
  };
}

function describeData(task: Task, { mean, longest }: Lengths): Finding {
  const counts = `task "${task.name}": ${task.train.length} questions, ${task.heldOut.length} held out`;
  const rewards = task.rewards.map(({ name, weight }) => `${name} × ${weight}`).join(", ");
  const notes = (task.notes ?? []).map((note) => `; ${note}`).join("");
  if (task.train.length === 0 || task.rewards.length === 0) {
    return { name: "data", status: "failed", detail: `${counts}; rewards: ${rewards || "none"}${notes}` };
  }
  const detail = `${counts}; prompts of ${mean} on average, ${longest} at most; rewards: ${rewards}${notes}`;
  return { name: "data", status: "ok", detail };
}

function describeRoom(
  { rl }: ReinforcementRecipe,
  { config }: SizedModel,
  { longest }: Lengths,
  exact: boolean,
): Finding {
  const needed = longest + rl.maxNewTokens;
  const detail = `${needed} needed (prompt and rl.maxNewTokens), the model has ${config.maxPositions}`;
  if (needed <= config.maxPositions) return { name: "positions", status: "ok", detail };
  const least = rl.maxNewTokens >= config.maxPositions;
  const remedy = `Take rl.maxNewTokens of at most ${Math.max(1, config.maxPositions - longest)}`;
  return { name: "positions", status: exact || least ? "failed" : "warning", detail, remedy };
}

function describeMemory(memory: MemoryEstimate, deviceMemory: number | undefined): Finding {
  const { peak, weights, optimizer, activations, cache } = memory;
  const there = deviceMemory ?? freeMemory();
  const whose = deviceMemory === undefined ? "free on this machine" : "on the device";
  const parts = `weights ${formatBytes(weights)}, optimiser ${formatBytes(optimizer)}, activations ${formatBytes(activations)}, cache ${formatBytes(cache)}`;
  const detail = `about ${formatBytes(peak)} (${parts}) of ${formatBytes(there)} ${whose}`;
  if (peak <= there) return { name: "memory", status: "ok", detail };
  return {
    name: "memory",
    // What this machine has says nothing of the one that will train.
    status: deviceMemory === undefined ? "warning" : "failed",
    detail,
    remedy:
      "Give the training device's by --device-memory 80G; less is needed with model.lora, recomputeActivations or shorter completions",
  };
}

async function rehearse(
  findings: Finding[],
  model: RehearsalModel,
  body: (model: RehearsalModel) => Promise<Rehearsal>,
): Promise<void> {
  const reduced = reducedShape(model.config, Math.min(MOST_REHEARSAL_BYTES, freeMemory() / 2));
  if (reduced === null) {
    const detail = "left out: no reduced form of this shape fits the machine's free memory";
    findings.push({ name: "rehearsal", status: "warning", detail });
    return;
  }
  const rehearsal = await attempt(findings, "rehearsal", () => body({ ...model, config: reduced.config }));
  if (rehearsal !== null) findings.push(describeRehearsal(rehearsal, reduced.what));
}

function describeRehearsal({ metrics, warnings }: Rehearsal, what: string): Finding {
  const { loss = Number.NaN, grad_norm: norm = Number.NaN } = metrics;
  const mismatch = metrics["sampling/sampling_logp_difference/mean"];
  const errors = Object.entries(metrics).filter(
    ([name, count]) => /^outcome\/.*\/(error|timeout)$/.test(name) && count > 0,
  );
  const problems = [
    ...(Number.isFinite(loss) && Number.isFinite(norm) && norm > 0
      ? []
      : [`loss ${loss}, gradient norm ${norm}`]),
    ...(mismatch === undefined || mismatch < 0.05
      ? []
      : [`sampler and trainer differ by ${mismatch.toFixed(3)}`]),
    ...errors.map(([name, count]) => `${name} = ${count}`),
  ];
  const shape = what === "" ? "the whole shape" : what;
  const measured = [
    `gradient norm ${norm.toPrecision(2)}`,
    ...(mismatch === undefined ? [] : [`sampler and trainer differ by ${mismatch.toPrecision(2)} a token`]),
  ].join(", ");
  const said = warnings.map((warning) => `; warning: ${warning}`).join("");
  return problems.length === 0
    ? { name: "rehearsal", status: "ok", detail: `one step on random weights (${shape}): ${measured}${said}` }
    : {
        name: "rehearsal",
        status: "failed",
        detail: `one step on random weights (${shape}): ${problems.join("; ")}${said}`,
      };
}
