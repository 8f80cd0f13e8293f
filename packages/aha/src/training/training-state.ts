/** What a checkpoint holds besides the model folder: optimiser, reference policy, and the few numbers of the loop. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AdamW, mapFile, noGrad, scope, type Tensor } from "@aha/torch";
import { readSafetensorsHeader, type SafetensorsEntry, writeSafetensors } from "../folder/safetensors.ts";
import { saveWeights } from "../folder/weights.ts";
import { TOKENIZER_FILES } from "../folder/write-folder.ts";
import type { Llama } from "../models/llama.ts";
import { assignWeights } from "../models/llama-weights.ts";
import { openModel, type SaveModelOptions, saveModel } from "../models/load-model.ts";
import { loadWeights, storedTensor, tensorBytes, weightEntries } from "../models/stored-weights.ts";

const OPTIMIZER_FILE = "optimizer.safetensors";
const STATE_FILE = "training-state.json";
const REFERENCE_FOLDER = "reference";

/** Raised when a checkpoint is whole as files but not what this recipe needs. */
export class TrainingStateError extends Error {
  override readonly name = "TrainingStateError";
}

export interface TrainingState<Loop> {
  readonly model: Llama;
  readonly optimizer: AdamW;
  /** Null where there is none, or where it still is the model that training started from. */
  readonly reference: Llama | null;
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
  { model, optimizer, reference, loop }: TrainingState<Loop>,
  options: SaveModelOptions,
): void {
  saveModel(folder, model, options);
  const entries = [...optimizer.stateTensors()].map(([name, tensor]) => entry(name, tensor));
  writeSafetensors(join(folder, OPTIMIZER_FILE), entries);
  if (reference !== null) {
    const path = join(folder, REFERENCE_FOLDER);
    mkdirSync(path, { recursive: true });
    saveWeights(path, weightEntries(reference.config, reference.weights));
  }
  const state = { optimizerSteps: optimizer.steps, loop };
  writeFileSync(join(folder, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`, { flush: true });
}

/** Configurations, card, state and the files' own overhead, generously. */
const SMALL_FILES_BYTES = 64 * 1024;

/** The bytes a checkpoint will take, for telling early that the disk is too small. */
export function trainingStateBytes(
  model: Llama,
  optimizer: AdamW,
  reference: Llama | null,
  tokenizerFolder: string | null = null,
): number {
  const width = (tensor: Tensor): number => (tensor.dtype === "float32" ? 4 : 2);
  const weights = model.parameters().reduce((sum, one) => sum + one.elementCount * width(one), 0);
  const moments = [...optimizer.stateTensors().values()].reduce((sum, one) => sum + one.elementCount * 4, 0);
  const tokenizer = TOKENIZER_FILES.reduce((sum, name) => {
    const file = tokenizerFolder === null ? undefined : join(tokenizerFolder, name);
    return sum + (file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0));
  }, 0);
  return weights * (reference === null ? 1 : 2) + moments + tokenizer + SMALL_FILES_BYTES;
}

/**
 * Puts a checkpoint's weights, optimiser state and (where it has one) reference back, bit for bit, and returns the loop's
 * own numbers. Throws TrainingStateError where a file of it is missing.
 */
export function restoreTrainingState<Loop>(
  folder: string,
  target: Omit<TrainingState<Loop>, "loop">,
): { readonly loop: Loop; readonly referenceRestored: boolean } {
  for (const name of [OPTIMIZER_FILE, STATE_FILE]) {
    if (existsSync(join(folder, name))) continue;
    throw new TrainingStateError(
      `${folder} has no ${name}: it is a model folder, not a checkpoint of a run. Name it as model.path to start from its weights`,
    );
  }
  const { model, optimizer, reference } = target;
  const state = JSON.parse(readFileSync(join(folder, STATE_FILE), "utf8")) as {
    optimizerSteps: number;
    loop: Loop;
  };
  const stored = openModel(folder, { dtype: model.dtype, device: model.device, positions: 1 }).model;
  assignWeights(model.weights, stored.weights);
  stored.dispose();
  const path = join(folder, OPTIMIZER_FILE);
  const { dataOffset, tensors } = readSafetensorsHeader(path);
  scope(() => {
    const bytes = mapFile(path);
    const values = new Map<string, Tensor>();
    for (const [name, place] of tensors) {
      values.set(name, storedTensor(bytes, dataOffset, { ...place, file: path }, name));
    }
    optimizer.loadState(state.optimizerSteps, values);
  });
  const referencePath = join(folder, REFERENCE_FOLDER);
  const referenceRestored = reference !== null && existsSync(referencePath);
  if (referenceRestored) {
    const weights = loadWeights(referencePath, reference.config, reference.dtype, reference.device);
    assignWeights(reference.weights, weights);
    for (const tensor of new Set([weights.embedding, weights.norm, weights.head])) tensor.dispose();
    for (const layer of weights.layers)
      for (const tensor of Object.values(layer) as Tensor[]) tensor.dispose();
  }
  return { loop: state.loop, referenceRestored };
}
