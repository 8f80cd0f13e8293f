/** A LoRA adapter read from a folder as PEFT writes it, and written as PEFT reads it. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Device, type Dtype, mapFile, noGrad, scope, type Tensor } from "@aha/torch";
import { ModelFolderError } from "../folder/errors.ts";
import { formatJson } from "../folder/json-file.ts";
import type { ModelConfig } from "../folder/model-config.ts";
import { readSafetensorsHeader, type SafetensorsTensor, writeSafetensors } from "../folder/safetensors.ts";
import { type AdaptedModule, Adapter, adapterKey } from "../lora/adapter.ts";
import {
  ADAPTER_CONFIG_FILE,
  type AdapterConfig,
  formatAdapterConfig,
  readAdapterConfig,
} from "../lora/adapter-config.ts";
import { isLiteralKey, linearModules, namesModule, type TargetModule } from "../lora/target-modules.ts";
import { storedTensor } from "./stored-tensor.ts";
import { tensorEntry } from "./stored-weights.ts";

export const ADAPTER_FILE = "adapter_model.safetensors";
/** A sequence classifier's head, which PEFT stores with the adapter. */
export const ADAPTER_SCORE = "base_model.model.score.weight";

/**
 * Throws ModelFolderError where the folder's adapter does not fit the model, or is of a kind that is not supported. `base` is
 * where its base was found, for writing the adapter elsewhere.
 */
export function readAdapter(
  folder: string,
  config: ModelConfig,
  dtype: Dtype,
  device: Device,
  base?: string,
  kind: "tokens" | "scalar" = "tokens",
): Adapter {
  const settings = readAdapterConfig(folder);
  if (settings.scalar !== (kind === "scalar")) {
    throw new ModelFolderError({
      file: join(folder, ADAPTER_CONFIG_FILE),
      message: `field "task_type": expected ${settings.scalar ? "CAUSAL_LM" : "SEQ_CLS"} here, got ${settings.scalar ? "SEQ_CLS" : "CAUSAL_LM"}`,
      remedy: settings.scalar
        ? "It is a reward model's adapter: it gives scores, not tokens"
        : "It is a language model's adapter: merge it into its base first",
    });
  }
  const file = join(folder, ADAPTER_FILE);
  if (!existsSync(file)) {
    throw new ModelFolderError({
      file,
      message: "expected the adapter's weights, found no such file",
      remedy: "The folder is incomplete, or its weights are not safetensors: save it again with PEFT",
    });
  }
  const { dataOffset, tensors } = readSafetensorsHeader(file);
  const modules = adaptedModules(file, settings, linearModules(config), tensors);
  const { rank, alpha, dropout, rankStabilised } = settings;
  const common = { base: base ?? settings.base, rank, alpha, dropout, rankStabilised };
  const adapter = new Adapter(config, common, modules, dtype, device);
  scope(() =>
    noGrad(() => {
      const bytes = mapFile(file);
      for (const { name, tensor, start, length } of adapter.matrices()) {
        const location = { ...(tensors.get(name) as SafetensorsTensor), file };
        scope(() => tensor.narrow(0, start, length).copy_(storedTensor(bytes, dataOffset, location, name)));
      }
    }),
  );
  return adapter;
}

/** The modules that the file has matrices for, after checking them against model and configuration. */
function adaptedModules(
  file: string,
  config: AdapterConfig,
  known: readonly TargetModule[],
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): AdaptedModule[] {
  const fault = (message: string): ModelFolderError =>
    new ModelFolderError({
      file,
      message,
      remedy:
        "Adapter and base model do not belong together, or the adapter is of a kind that is not supported",
    });
  const names = new Set<string>(config.scalar ? [ADAPTER_SCORE] : []);
  const modules = known.flatMap((module) => {
    const [keyA, keyB] = [adapterKey(module.path, "A"), adapterKey(module.path, "B")];
    const [matrixA, matrixB] = [tensors.get(keyA), tensors.get(keyB)];
    const wanted = isTarget(config, module);
    if (matrixA === undefined && matrixB === undefined) {
      if (wanted !== true) return [];
      throw fault(`${ADAPTER_CONFIG_FILE} names ${module.path}, found no tensors of it`);
    }
    if (matrixA === undefined || matrixB === undefined) {
      throw fault(`expected ${keyA} and ${keyB}, found only one of them`);
    }
    if (wanted === false) throw fault(`found ${keyA}, but ${ADAPTER_CONFIG_FILE} does not name the module`);
    const rank = matrixA.shape[0] ?? 0;
    const pattern = firstNaming(config.rankPattern, module.path);
    const stated = pattern === undefined ? config.rank : pattern;
    if (stated !== null && stated !== rank) {
      throw fault(`${keyA}: expected rank ${stated} by ${ADAPTER_CONFIG_FILE}, found ${rank}`);
    }
    for (const [name, { shape }, expected] of [
      [keyA, matrixA, [rank, module.inputs]],
      [keyB, matrixB, [module.length, rank]],
    ] as const) {
      names.add(name);
      if (rank > 0 && shape.join() === expected.join()) continue;
      throw fault(
        `${name}: expected [${expected.join(", ")}] by the base model, found [${shape.join(", ")}]`,
      );
    }
    return [{ ...module, rank, alpha: firstNaming(config.alphaPattern, module.path) ?? config.alpha }];
  });
  const stranger = [...tensors.keys()].find((name) => !names.has(name));
  if (stranger !== undefined) throw fault(`tensor "${stranger}" has no place in this model`);
  if (modules.length === 0) throw fault("found no tensors");
  return modules;
}

/** Whether the configuration names a module; null where only a regular expression could tell. */
function isTarget({ targetModules, layers }: AdapterConfig, { path, layer }: TargetModule): boolean | null {
  if (targetModules === null) return null;
  if (targetModules === "all-linear") return layers === null || layers.includes(layer);
  if (targetModules.includes(path)) return true;
  return targetModules.some((key) => path.endsWith(`.${key}`)) && (layers === null || layers.includes(layer));
}

/** The value of the first key that names a module; null where a regular expression comes first, undefined where none does. */
function firstNaming(pattern: ReadonlyMap<string, number>, path: string): number | null | undefined {
  for (const [key, value] of pattern) {
    if (!isLiteralKey(key)) return null;
    if (namesModule(key, path)) return value;
  }
  return undefined;
}

/**
 * Writes configuration and weights, in the adapter's dtype, into a folder (made where needed); with `score` [1, D], the head
 * of a sequence classifier, it is a classifier's adapter.
 */
export function writeAdapter(folder: string, adapter: Adapter, score: Tensor | null = null): void {
  mkdirSync(folder, { recursive: true });
  const entries = adapter.matrices().map(tensorEntry);
  const head = { name: ADAPTER_SCORE, start: 0, length: 1 };
  const heads = score === null ? [] : [tensorEntry({ ...head, tensor: score, shape: score.shape })];
  writeSafetensors(join(folder, ADAPTER_FILE), [...entries, ...heads]);
  const config = formatJson(formatAdapterConfig(adapter.written(), score !== null));
  writeFileSync(join(folder, ADAPTER_CONFIG_FILE), config, { flush: true });
}

/** Takes the head [1, D] that is stored with a classifier's adapter. Throws ModelFolderError where there is none of that shape. */
export function readAdapterScore(folder: string, target: Tensor): void {
  const file = join(folder, ADAPTER_FILE);
  const { dataOffset, tensors } = readSafetensorsHeader(file);
  const location = tensors.get(ADAPTER_SCORE);
  if (location?.shape.join() !== target.shape.join()) {
    throw new ModelFolderError({
      file,
      message: `expected ${ADAPTER_SCORE} [${target.shape.join(", ")}], found ${location === undefined ? "no such tensor" : `[${location.shape.join(", ")}]`}`,
      remedy: "Only classifiers of one label, with a head that was stored with the adapter, can be used",
    });
  }
  scope(() =>
    noGrad(() => {
      target.copy_(storedTensor(mapFile(file), dataOffset, { ...location, file }, ADAPTER_SCORE));
    }),
  );
}
