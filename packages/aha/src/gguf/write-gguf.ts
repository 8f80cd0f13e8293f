/** A Hugging Face model folder as one GGUF file that llama.cpp reads. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { readGenerationConfig } from "../folder/generation-config.ts";
import { type ModelConfig, readModelConfig } from "../folder/model-config.ts";
import { openSafetensors } from "../folder/safetensors.ts";
import { syncFolder } from "../folder/safetensors-write.ts";
import { locateWeights, type WeightLocation } from "../folder/weights.ts";
import { type BlockFormat, blockFormats, readBlocks, writeBlocks } from "./block-formats.ts";
import { architectureEntries, ropeFactorsOf, rotatesNeighbours } from "./configuration.ts";
import { type Entry, encodeEntries } from "./entries.ts";
import { GgufError } from "./gguf-error.ts";
import { toNeighbours } from "./head-order.ts";
import { headsOf } from "./read-gguf.ts";
import { ggufName } from "./tensor-names.ts";
import { vocabularyEntries } from "./vocabulary-entries.ts";

/** The formats that are written, with llama.cpp's number for a file of mostly that format. */
export const writtenFormats = { F32: 0, F16: 1, BF16: 32, Q8_0: 7 } as const;
export type WrittenFormat = keyof typeof writtenFormats;

const ALIGNMENT = 32;
const aligned = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

interface PlannedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: BlockFormat;
  readonly byteLength: number;
  values(): Float32Array;
}

/**
 * Writes `file`, whole or not at all; one tensor is held at a time. Norms and biases are kept in float32, as llama.cpp
 * wants them, and a matrix whose rows are no multiple of a block becomes F16. Throws GgufError for what GGUF cannot say.
 */
export function writeGguf(folder: string, file: string, kind: WrittenFormat): void {
  const config = readModelConfig(folder);
  const tensors = planTensors(folder, config, kind);
  const header = Buffer.concat([
    encodeEntries(entriesOf(folder, config, kind), tensors.length),
    ...describe(tensors),
  ]);
  const temporary = `${file}.${process.pid}.partial`;
  try {
    const descriptor = openSync(temporary, "w");
    try {
      writeAligned(descriptor, header);
      for (const tensor of tensors) writeAligned(descriptor, writeBlocks(tensor.format, tensor.values()));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(resolve(file)));
}

function entriesOf(folder: string, config: ModelConfig, kind: WrittenFormat): Entry[] {
  const generation = readGenerationConfig(folder, config);
  const vocabulary = vocabularyEntries(folder, config.vocabularySize);
  const known = new Set(vocabulary.map(({ key }) => key));
  const fromConfig = (
    [
      ["bos", generation.bosTokenId],
      ["eos", generation.eosTokenIds[0] ?? null],
      ["padding", generation.padTokenId],
    ] as const
  ).flatMap(([name, id]): Entry[] => {
    const key = `tokenizer.ggml.${name}_token_id`;
    return id === null || known.has(key) ? [] : [{ key, type: "uint32", value: id }];
  });
  return [
    { key: "general.architecture", type: "string", value: config.family },
    { key: "general.type", type: "string", value: "model" },
    { key: "general.name", type: "string", value: basename(resolve(folder)) },
    { key: "general.file_type", type: "uint32", value: writtenFormats[kind] },
    { key: "general.quantization_version", type: "uint32", value: 2 },
    ...architectureEntries(config),
    ...vocabulary,
    ...fromConfig,
  ];
}

function planTensors(folder: string, config: ModelConfig, kind: WrittenFormat): PlannedTensor[] {
  const factors = ropeFactorsOf(config);
  const plain = blockFormats.get("F32") as BlockFormat;
  const scaled: PlannedTensor[] =
    factors === null
      ? []
      : [
          {
            name: "rope_freqs.weight",
            shape: [factors.length],
            format: plain,
            byteLength: 4 * factors.length,
            values: () => factors,
          },
        ];
  const weights = [...locateWeights(folder)]
    .filter(([name]) => !(config.tieEmbeddings && name === "lm_head.weight"))
    .map(([name, location]) => planTensor(name, location, config, formatFor(location, kind)));
  return [...scaled, ...weights];
}

function formatFor(location: WeightLocation, kind: WrittenFormat): BlockFormat {
  const wanted = blockFormats.get(kind) as BlockFormat;
  const fits = (location.shape.at(-1) ?? 0) % wanted.elements === 0;
  const name = location.shape.length < 2 ? "F32" : fits ? kind : "F16";
  return blockFormats.get(name) as BlockFormat;
}

function planTensor(
  name: string,
  location: WeightLocation,
  config: ModelConfig,
  format: BlockFormat,
): PlannedTensor {
  const own = ggufName(name);
  const source = blockFormats.get(location.dtype);
  if (own === undefined || source === undefined) {
    throw new GgufError({
      file: location.file,
      message: `weight "${name}" (${location.dtype}) has no counterpart in a GGUF file of a ${config.family} model`,
      remedy: "Weights of the supported families in F32, F16 or BF16 can be written",
    });
  }
  const elements = location.shape.reduce((product, size) => product * size, 1);
  return {
    name: own,
    shape: location.shape,
    format,
    byteLength: (elements / format.elements) * format.bytes,
    values: () => {
      const opened = openSafetensors(location.file);
      const stored = readBlocks(source, opened.read(name));
      opened.close();
      const heads = headsOf(name, config);
      return heads !== null && rotatesNeighbours(config.family)
        ? toNeighbours(stored, heads, config.headDimension)
        : stored;
    },
  };
}

/** Name, dimensions (innermost first), format and place of each tensor. */
function describe(tensors: readonly PlannedTensor[]): Buffer[] {
  let offset = 0;
  return tensors.map(({ name, shape, format, byteLength }) => {
    const text = Buffer.from(name, "utf8");
    const bytes = Buffer.alloc(8 + text.length + 4 + 8 * shape.length + 4 + 8);
    let at = bytes.writeBigUInt64LE(BigInt(text.length), 0);
    at += text.copy(bytes, at);
    at = bytes.writeUInt32LE(shape.length, at);
    for (const size of [...shape].reverse()) at = bytes.writeBigUInt64LE(BigInt(size), at);
    at = bytes.writeUInt32LE(format.code, at);
    bytes.writeBigUInt64LE(BigInt(offset), at);
    offset += aligned(byteLength);
    return bytes;
  });
}

function writeAligned(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length)
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30));
  writeSync(descriptor, new Uint8Array(aligned(bytes.length) - bytes.length));
}
