/** Opens a Hugging Face folder as a model with its tokenizer, and writes one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cudaDevices, type Device, type Dtype } from "@aha/torch";
import { ModelFolderError } from "../folder/errors.ts";
import { type GenerationConfig, readGenerationConfig } from "../folder/generation-config.ts";
import { type ModelConfig, readModelConfig } from "../folder/model-config.ts";
import { loadTokenizer, type Tokenizer } from "../folder/tokenizer.ts";
import { saveWeights } from "../folder/weights.ts";
import { type ModelCard, writeFolder } from "../folder/write-folder.ts";
import { Llama } from "./llama.ts";
import { processorHasBfloat16 } from "./processor.ts";
import { loadWeights, weightEntries } from "./stored-weights.ts";

/** A model as it was found in its folder. */
export interface OpenModel {
  readonly folder: string;
  readonly model: Llama;
  readonly generation: GenerationConfig;
}

export interface OpenModelOptions {
  /** `auto`: see chooseDtype. */
  readonly dtype: "auto" | Dtype;
  /** `auto`: CUDA where LibTorch has a device, else the CPU. */
  readonly device: "auto" | Device;
  /** Rotary tables are made for this many positions; at most (and by default) the model's own. */
  readonly positions?: number;
}

/** A device that was asked for and is not there. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
}

/** Throws DeviceError where CUDA is asked for by name and there is none. */
export function chooseDevice(wanted: "auto" | Device): Device {
  const devices = cudaDevices();
  if (wanted === "auto") return devices > 0 ? "cuda" : "cpu";
  if (wanted.startsWith("cuda") && devices === 0) {
    throw new DeviceError(
      `device "${wanted}" was asked for, but LibTorch sees no CUDA device; use device "cpu" or "auto", or see \`aha doctor\``,
    );
  }
  return wanted;
}

/**
 * `auto` takes bfloat16 where the folder's weights are stored so and the device computes it well: any CUDA device, and CPUs
 * with bfloat16 instructions. On others it would be slower than float32.
 */
export function chooseDtype(wanted: "auto" | Dtype, config: ModelConfig, device: Device): Dtype {
  if (wanted !== "auto") return wanted;
  if (config.dtype === "float32" || config.dtype === "float64") return "float32";
  return device !== "cpu" || processorHasBfloat16() ? "bfloat16" : "float32";
}

/** Reads configuration and weights. Throws ModelFolderError or SafetensorsError naming what is wrong with the folder. */
export function openModel(folder: string, options: OpenModelOptions): OpenModel {
  requireFolder(folder);
  const config = readModelConfig(folder);
  const device = chooseDevice(options.device);
  const dtype = chooseDtype(options.dtype, config, device);
  const weights = loadWeights(folder, config, dtype, device);
  const positions = Math.min(options.positions ?? config.maxPositions, config.maxPositions);
  return {
    folder,
    model: new Llama(config, weights, positions),
    generation: readGenerationConfig(folder, config),
  };
}

/** The tokenizer of a folder; refuses one that knows more tokens than the model has rows for. */
export function openTokenizer(folder: string, config: ModelConfig): Tokenizer {
  const tokenizer = loadTokenizer(folder);
  if (tokenizer.vocabularySize > config.vocabularySize) {
    throw new ModelFolderError({
      file: join(folder, "tokenizer.json"),
      message: `expected at most ${config.vocabularySize} tokens by config.json's vocab_size, found ${tokenizer.vocabularySize}`,
      remedy: "The tokenizer belongs to another model",
    });
  }
  return tokenizer;
}

/** Throws ModelFolderError where a folder is absent or no model's. */
export function requireFolder(folder: string): void {
  if (existsSync(join(folder, "config.json"))) return;
  throw new ModelFolderError({
    file: folder,
    message: existsSync(folder) ? "expected a config.json in this folder, found none" : "no such folder",
    remedy: "Give the path of a Hugging Face model folder (config.json, model.safetensors, tokenizer.json)",
  });
}

/** Every end-of-sequence id that the folder's files name, and the tokenizer's own. */
export function stopTokens(generation: GenerationConfig, tokenizer: Tokenizer | null): Set<number> {
  const own = tokenizer?.eosTokenId ?? null;
  return new Set([...generation.eosTokenIds, ...(own === null ? [] : [own])]);
}

export interface SaveModelOptions {
  readonly tokenizerFolder: string | null;
  readonly generation: GenerationConfig;
  readonly card: ModelCard;
  readonly maximumShardBytes?: number;
}

/** Writes a folder that transformers loads: configuration, weights in the model's dtype, tokenizer, card. */
export function saveModel(folder: string, model: Llama, options: SaveModelOptions): void {
  const dtype = model.dtype as ModelConfig["dtype"];
  writeFolder(folder, { config: { ...model.config, dtype }, ...options });
  const { maximumShardBytes } = options;
  saveWeights(
    folder,
    weightEntries(model.config, model.weights),
    maximumShardBytes === undefined ? {} : { maximumShardBytes },
  );
}
