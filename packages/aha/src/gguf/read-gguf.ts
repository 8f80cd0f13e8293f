/** A GGUF file as a Hugging Face model folder: configuration, tokenizer, and weights dequantised one at a time. */
import { closeSync, openSync } from "node:fs";
import { GGMLQuantizationType, gguf } from "@huggingface/gguf";
import type { ModelConfig, WeightDtype } from "../folder/model-config.ts";
import { readFully } from "../folder/read-fully.ts";
import type { SafetensorsEntry } from "../folder/safetensors.ts";
import { type BlockFormat, blockFormats, readBlocks, writeBlocks } from "./block-formats.ts";
import { configurationOf, rotatesNeighbours } from "./configuration.ts";
import { GgufError } from "./gguf-error.ts";
import { toHalves } from "./head-order.ts";
import { Metadata } from "./metadata.ts";
import { huggingFaceName } from "./tensor-names.ts";
import { type TokenizerFiles, tokenizerFilesOf } from "./vocabulary.ts";

/** One tensor of the file. */
interface StoredTensor {
  readonly name: string;
  readonly format: BlockFormat;
  /** As Hugging Face writes it: rows first. */
  readonly shape: readonly number[];
  readonly start: number;
  readonly byteLength: number;
}

/** What a GGUF file holds. */
export interface GgufModel {
  readonly file: string;
  readonly title: string;
  readonly license: string | null;
  readonly config: ModelConfig;
  readonly tokenizer: TokenizerFiles;
  /** How many tensors there are of each format. */
  readonly formats: Readonly<Record<string, number>>;
  /** Entries for safetensors files by Hugging Face's names; each tensor is read when its turn comes. */
  weights(dtype: Extract<WeightDtype, "float32" | "bfloat16" | "float16">): SafetensorsEntry[];
}

const targets = {
  float32: { dtype: "F32", format: "F32" },
  bfloat16: { dtype: "BF16", format: "BF16" },
  float16: { dtype: "F16", format: "F16" },
} as const;

/** Reads everything but the weights. Throws GgufError naming what this software cannot convert. */
export async function readGguf(file: string): Promise<GgufModel> {
  const parsed = await gguf(file, { allowLocalFile: true }).catch((error: unknown) => {
    throw new GgufError({
      file,
      message: `not a readable GGUF file (${error instanceof Error ? error.message : error})`,
      remedy: "Fetch it again, or check the path",
    });
  });
  if (!parsed.littleEndian) {
    throw new GgufError({ file, message: "big-endian numbers", remedy: "Convert it to little-endian" });
  }
  const metadata = new Metadata(file, Object.fromEntries(Object.entries(parsed.metadata)));
  const tensors = parsed.tensorInfos.map(
    (info): StoredTensor => locate(file, info, Number(parsed.tensorDataOffset)),
  );
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const ropeTensor = byName.get("rope_freqs.weight");
  const ropeFactors = ropeTensor === undefined ? null : readTensor(file, ropeTensor);
  const config = configurationOf(metadata, !byName.has("output.weight"), ropeFactors);
  const formats: Record<string, number> = {};
  for (const { format } of tensors) formats[format.name] = (formats[format.name] ?? 0) + 1;
  return {
    file,
    title: metadata.optionalString("general.name") ?? metadata.string("general.architecture"),
    license: metadata.optionalString("general.license"),
    config,
    tokenizer: tokenizerFilesOf(metadata),
    formats,
    weights: (dtype) =>
      tensors.flatMap((tensor) =>
        tensor === ropeTensor ? [] : [entryOf(file, tensor, config, targets[dtype])],
      ),
  };
}

function locate(
  file: string,
  info: {
    readonly name: string;
    readonly shape: readonly bigint[];
    readonly dtype: GGMLQuantizationType;
    readonly offset: bigint;
  },
  dataOffset: number,
): StoredTensor {
  const kind = GGMLQuantizationType[info.dtype] ?? `number ${info.dtype}`;
  const format = blockFormats.get(kind);
  if (format === undefined) {
    throw new GgufError({
      file,
      message: `tensor "${info.name}" is stored as ${kind}`,
      remedy: `Formats that can be read: ${[...blockFormats.keys()].join(", ")}`,
    });
  }
  const shape = info.shape.map(Number).reverse();
  const elements = shape.reduce((product, size) => product * size, 1);
  return {
    name: info.name,
    format,
    shape,
    start: dataOffset + Number(info.offset),
    byteLength: (elements / format.elements) * format.bytes,
  };
}

function readTensor(file: string, tensor: StoredTensor): Float32Array {
  const bytes = new Uint8Array(tensor.byteLength);
  const descriptor = openSync(file, "r");
  try {
    readFully(descriptor, bytes, tensor.start, file);
  } finally {
    closeSync(descriptor);
  }
  return readBlocks(tensor.format, bytes);
}

function entryOf(
  file: string,
  tensor: StoredTensor,
  config: ModelConfig,
  target: (typeof targets)[keyof typeof targets],
): SafetensorsEntry {
  const name = huggingFaceName(tensor.name);
  if (name === undefined) {
    throw new GgufError({
      file,
      message: `tensor "${tensor.name}" has no place in a ${config.family} model`,
      remedy: "This variant of the architecture is not supported",
    });
  }
  return {
    name,
    dtype: target.dtype,
    shape: tensor.shape,
    bytes: () => {
      const stored = readTensor(file, tensor);
      const heads = headsOf(name, config);
      const values =
        heads !== null && rotatesNeighbours(config.family)
          ? toHalves(stored, heads, config.headDimension)
          : stored;
      return writeBlocks(blockFormats.get(target.format) as BlockFormat, values);
    },
  };
}

/** How many heads a projection's rows make up; null for other tensors. */
export function headsOf(name: string, config: ModelConfig): number | null {
  if (name.includes(".q_proj.")) return config.heads;
  return name.includes(".k_proj.") ? config.keyValueHeads : null;
}
