/** What a checkpoint holds besides the model folder: optimiser, reference policy, and the few numbers of the loop. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AdamW, mapFile, noGrad, scope, type Tensor } from "@aha/torch";
import { denseConfig } from "../folder/decoder-config.ts";
import { readSafetensorsHeader, type SafetensorsEntry, writeSafetensors } from "../folder/safetensors.ts";
import { entryByteLength } from "../folder/safetensors-write.ts";
import { saveWeights } from "../folder/weights.ts";
import { TOKENIZER_FILES } from "../folder/write-folder.ts";
import { isAdapterFolder } from "../lora/adapter-config.ts";
import { baseIdentity } from "../models/base-identity.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { type SaveModelOptions, saveModel } from "../models/load-model.ts";
import type { ScalarModel } from "../models/scalar-model.ts";
import { readAdapter, readAdapterScore, writeAdapter } from "../models/stored-adapter.ts";
import type { StoredModel } from "../models/stored-model.ts";
import { storedTensor } from "../models/stored-tensor.ts";
import { tensorBytes } from "../models/stored-weights.ts";

const OPTIMIZER_FILE = "optimizer.safetensors";
const STATE_FILE = "training-state.json";
const REFERENCE_FOLDER = "reference";
const VALUE_FOLDER = "value";
/** The name of a reference policy's adapter. */
export const REFERENCE_ADAPTER = "reference";

/** Raised when a checkpoint is whole as files but not what this recipe needs. */
export class TrainingStateError extends Error {
  override readonly name = "TrainingStateError";
}

/** The base of a trained adapter. */
interface StoredBase {
  readonly path: string;
  readonly identity: string;
}

/** PPO's value model with what trains it. */
export interface ValueState {
  readonly model: ScalarModel;
  readonly optimizer: AdamW;
}

export interface TrainingState<Loop> {
  readonly model: StoredModel;
  readonly optimizer: AdamW;
  /** Null or left out where there is none. */
  readonly value?: ValueState | null;
  /** Null where there is none, or where it still is the model that training started from. */
  readonly reference: LanguageModel | null;
  readonly loop: Loop;
}

function entry(name: string, tensor: Tensor): SafetensorsEntry {
  return {
    name,
    dtype: "F32",
    shape: tensor.shape,
    bytes: () => scope(() => noGrad(() => tensorBytes(tensor))),
  };
}

/** Writes the checkpoint's content into `folder`: itself a model folder that transformers loads. */
export function saveTrainingState<Loop>(
  folder: string,
  { model, optimizer, reference, value = null, loop }: TrainingState<Loop>,
  options: SaveModelOptions,
): void {
  saveModel(folder, model, options);
  writeOptimizer(folder, optimizer);
  if (reference !== null) saveBeside(join(folder, REFERENCE_FOLDER), reference);
  if (value !== null) {
    saveBeside(join(folder, VALUE_FOLDER), value.model);
    writeOptimizer(join(folder, VALUE_FOLDER), value.optimizer);
  }
  const base = identityOfBase(model);
  const state = {
    optimizerSteps: optimizer.steps,
    ...(value === null ? {} : { valueOptimizerSteps: value.optimizer.steps }),
    loop,
    ...(base === null ? {} : { base }),
  };
  writeFileSync(join(folder, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`, { flush: true });
}

function writeOptimizer(folder: string, optimizer: AdamW): void {
  const entries = [...optimizer.stateTensors()].map(([name, tensor]) => entry(name, tensor));
  writeSafetensors(join(folder, OPTIMIZER_FILE), entries);
}

/** A further model's weights, or its adapter alone where it has one. */
function saveBeside(path: string, model: StoredModel): void {
  mkdirSync(path, { recursive: true });
  const adapter = model.adapters.active;
  if (adapter !== null) writeAdapter(path, adapter, model.score ?? null);
  else saveWeights(path, model.entries());
}

/** The weights that a trained adapter belongs to; null where the weights themselves are trained. */
function identityOfBase({ adapters }: StoredModel): StoredBase | null {
  const path = adapters.active?.settings.base ?? null;
  return path === null ? null : { path, identity: baseIdentity(path) };
}

/** Configurations, card, state and the files' own overhead, generously. */
const SMALL_FILES_BYTES = 64 * 1024;

/** The bytes a checkpoint will take, for telling early that the disk is too small. */
export function trainingStateBytes(
  { model, optimizer, reference, value = null }: Omit<TrainingState<never>, "loop">,
  tokenizerFolder: string | null = null,
): number {
  const tokenizer = TOKENIZER_FILES.reduce((sum, name) => {
    const file = tokenizerFolder === null ? undefined : join(tokenizerFolder, name);
    return sum + (file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0));
  }, 0);
  const weights = weightBytes(model) * (reference === null ? 1 : 2);
  const values = value === null ? 0 : weightBytes(value.model) + optimizerBytes(value.optimizer);
  return weights + optimizerBytes(optimizer) + values + tokenizer + SMALL_FILES_BYTES;
}

/** What is stored of a model: its adapter alone where it has one. */
function weightBytes(model: StoredModel): number {
  const width = (tensor: Tensor): number => (tensor.dtype === "float32" ? 4 : 2);
  return model.adapters.active === null
    ? model.entries().reduce((sum, one) => sum + entryByteLength(one, STATE_FILE), 0)
    : model.parameters().reduce((sum, one) => sum + one.elementCount * width(one), 0);
}

const optimizerBytes = (optimizer: AdamW): number =>
  [...optimizer.stateTensors().values()].reduce((sum, one) => sum + one.elementCount * 4, 0);

/**
 * Puts a checkpoint's weights, optimiser state and (where it has one) reference back, bit for bit, and returns the loop's
 * own numbers. Throws TrainingStateError where a file of it is missing.
 */
export function restoreTrainingState<Loop>(
  folder: string,
  target: Omit<TrainingState<Loop>, "loop">,
): { readonly loop: Loop; readonly referenceRestored: boolean } {
  const { model, optimizer, reference, value = null } = target;
  const wanted = [
    OPTIMIZER_FILE,
    STATE_FILE,
    ...(value === null ? [] : [join(VALUE_FOLDER, OPTIMIZER_FILE)]),
  ];
  for (const name of wanted) {
    if (existsSync(join(folder, name))) continue;
    throw new TrainingStateError(
      `${folder} has no ${name}: it is a model folder, not a checkpoint of a run. Name it as model.path to start from its weights`,
    );
  }
  const state = JSON.parse(readFileSync(join(folder, STATE_FILE), "utf8")) as {
    optimizerSteps: number;
    valueOptimizerSteps?: number;
    loop: Loop;
    base?: StoredBase;
  };
  restoreTrained(folder, model, state.base ?? null);
  readOptimizer(folder, optimizer, state.optimizerSteps);
  if (value !== null) {
    const path = join(folder, VALUE_FOLDER);
    restoreWeights(path, value.model);
    readOptimizer(path, value.optimizer, state.valueOptimizerSteps ?? 0);
  }
  const referencePath = join(folder, REFERENCE_FOLDER);
  const referenceRestored = reference !== null && existsSync(referencePath);
  if (referenceRestored && isAdapterFolder(referencePath)) {
    const { dtype, device } = reference;
    const config = denseConfig(reference.config, referencePath, "an adapter");
    reference.adapters.replaceActive(REFERENCE_ADAPTER, readAdapter(referencePath, config, dtype, device));
  } else if (referenceRestored) {
    reference.restore(referencePath);
  }
  return { loop: state.loop, referenceRestored };
}

function readOptimizer(folder: string, optimizer: AdamW, steps: number): void {
  const path = join(folder, OPTIMIZER_FILE);
  const { dataOffset, tensors } = readSafetensorsHeader(path);
  scope(() => {
    const bytes = mapFile(path);
    const values = new Map<string, Tensor>();
    for (const [name, place] of tensors) {
      values.set(name, storedTensor(bytes, dataOffset, { ...place, file: path }, name));
    }
    optimizer.loadState(steps, values);
  });
}

/** The weights, or the adapter (with its head) where one is in force. */
function restoreWeights(folder: string, model: StoredModel): void {
  const { dtype, device, adapters, score } = model;
  if (adapters.active === null) {
    model.restore(folder);
    return;
  }
  const config = denseConfig(model.config, folder, "an adapter");
  const kind = score === undefined ? "tokens" : "scalar";
  const stored = readAdapter(folder, config, dtype, device, undefined, kind);
  adapters.active.assign(stored);
  stored.dispose();
  if (score !== undefined) readAdapterScore(folder, score);
}

/** What is trained, from a checkpoint: the weights, or the adapter once its base is known to be the same. */
function restoreTrained(folder: string, model: StoredModel, base: StoredBase | null): void {
  const { active } = model.adapters;
  if ((active !== null) !== isAdapterFolder(folder)) {
    const [has, wants] = active === null ? ["an adapter", "all weights"] : ["all weights", "an adapter"];
    throw new TrainingStateError(
      `${folder} holds ${has}, but the recipe trains ${wants}; resume with model.lora as it was`,
    );
  }
  const now = identityOfBase(model);
  if (active !== null && base !== null && now !== null && base.identity !== now.identity) {
    throw new TrainingStateError(
      `the base model at ${now.path} is not the one that ${folder} was trained on (then at ${base.path}): its configuration ` +
        "or weights have changed. Put the old one back, or start another run",
    );
  }
  restoreWeights(folder, model);
}
