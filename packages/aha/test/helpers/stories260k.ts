/** Reads the 260K-parameter story model of llama2.c (its checkpoint and its tokenizer) as a Hugging Face Llama. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModelConfig } from "../../src/folder/model-config.ts";

/** The folder of the model's files beside the repository, or `null` where they are absent. */
export function findStories260k(): string | null {
  const folder = join(import.meta.dirname, "../../../../../shared/data/models/stories260k");
  return existsSync(join(folder, "stories260K.bin")) ? folder : null;
}

/** A weight under its Hugging Face name. */
export interface NamedWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array; // row-major
}

/** The model, ready to be loaded as any Llama. */
export interface Stories260k {
  readonly config: ModelConfig;
  readonly weights: ReadonlyMap<string, NamedWeight>;
  /** Text of ids that a generation gave after the beginning-of-sequence id 1. */
  decode(ids: readonly number[]): string;
  /** What the greedy generation of 200 ids from [1] reads, byte for byte. */
  readonly expectedText: string;
}

/** Reads `stories260K.bin`, `tok512.bin` and `expected_greedy_200steps.txt` of `folder`. */
export function readStories260k(folder: string): Stories260k {
  const { config, weights } = readCheckpoint(readFileSync(join(folder, "stories260K.bin")));
  const pieces = readPieces(readFileSync(join(folder, "tok512.bin")), config.vocabularySize);
  return {
    config,
    weights,
    decode: (ids) => decodePieces(pieces, ids),
    expectedText: readFileSync(join(folder, "expected_greedy_200steps.txt"), "utf8"),
  };
}

/**
 * llama2.c's first format: seven int32 (a negative vocabulary means an own head), then float32 weights,
 * kind by kind with all layers of a kind together, matrices as [out, in].
 */
function readCheckpoint(file: Buffer): Pick<Stories260k, "config" | "weights"> {
  const header = Array.from({ length: 7 }, (_, index) => file.readInt32LE(index * 4));
  const [
    hiddenSize = 0,
    intermediateSize = 0,
    layers = 0,
    heads = 0,
    keyValueHeads = 0,
    vocabulary = 0,
    positions = 0,
  ] = header;
  const config = describe({
    hiddenSize,
    intermediateSize,
    layers,
    heads,
    keyValueHeads,
    vocabulary,
    positions,
  });
  const { headDimension, vocabularySize } = config;
  let offset = 28;
  const take = (...shape: number[]): NamedWeight => {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    for (let index = 0; index < values.length; index += 1)
      values[index] = file.readFloatLE(offset + index * 4);
    offset += values.byteLength;
    return { shape, values };
  };
  const weights = new Map<string, NamedWeight>();
  const takeLayers = (name: string, shape: number[], change = (weight: NamedWeight) => weight) => {
    for (let layer = 0; layer < layers; layer += 1) {
      weights.set(`model.layers.${layer}.${name}.weight`, change(take(...shape)));
    }
  };
  const queries = heads * headDimension;
  const keys = keyValueHeads * headDimension;
  const toHalves = (weight: NamedWeight) => pairsToHalves(weight, headDimension);
  weights.set("model.embed_tokens.weight", take(vocabularySize, hiddenSize));
  takeLayers("input_layernorm", [hiddenSize]);
  takeLayers("self_attn.q_proj", [queries, hiddenSize], toHalves);
  takeLayers("self_attn.k_proj", [keys, hiddenSize], toHalves);
  takeLayers("self_attn.v_proj", [keys, hiddenSize]);
  takeLayers("self_attn.o_proj", [hiddenSize, queries]);
  takeLayers("post_attention_layernorm", [hiddenSize]);
  takeLayers("mlp.gate_proj", [intermediateSize, hiddenSize]);
  takeLayers("mlp.down_proj", [hiddenSize, intermediateSize]);
  takeLayers("mlp.up_proj", [intermediateSize, hiddenSize]);
  weights.set("model.norm.weight", take(hiddenSize));
  take(positions, headDimension / 2); // the rotary tables, which everyone computes anew
  take(positions, headDimension / 2);
  if (!config.tieEmbeddings) weights.set("lm_head.weight", take(vocabularySize, hiddenSize));
  if (offset !== file.length) throw new Error(`expected a checkpoint of ${offset} bytes, got ${file.length}`);
  return { config, weights };
}

function describe(header: {
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  vocabulary: number;
  positions: number;
}): ModelConfig {
  const { hiddenSize, intermediateSize, layers, heads, keyValueHeads, vocabulary, positions } = header;
  return {
    family: "llama",
    vocabularySize: Math.abs(vocabulary),
    hiddenSize,
    layers,
    heads,
    keyValueHeads,
    headDimension: hiddenSize / heads,
    intermediateSize,
    maxPositions: positions,
    normEpsilon: 1e-5,
    ropeTheta: 10_000,
    ropeScaling: null,
    tieEmbeddings: vocabulary > 0,
    initializerRange: 0.02,
    dtype: "float32",
    bosTokenId: 1,
    eosTokenIds: [1, 2], // llama2.c stops at 1, the id that separated the stories
    padTokenId: null,
  };
}

/**
 * llama2.c turns neighbouring rows (2i, 2i + 1) of a head as a pair; Hugging Face turns rows i and
 * i + d/2. Row 2i + j of a head goes to row j·d/2 + i.
 */
function pairsToHalves({ shape, values }: NamedWeight, headDimension: number): NamedWeight {
  const [rows = 0, columns = 0] = shape;
  const moved = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    const within = row % headDimension;
    const target = row - within + (within % 2) * (headDimension / 2) + Math.floor(within / 2);
    moved.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return { shape, values: moved };
}

/** `tok512.bin`: the longest piece's length, then score (float32), length (int32) and bytes of each piece. */
function readPieces(file: Buffer, count: number): Buffer[] {
  const pieces: Buffer[] = [];
  let offset = 4;
  for (let id = 0; id < count; id += 1) {
    const length = file.readInt32LE(offset + 4);
    pieces.push(file.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return pieces;
}

/** Pieces joined; `<0x0A>` stands for a byte, and the space that opens the first piece after id 1 is dropped. */
function decodePieces(pieces: readonly Buffer[], ids: readonly number[]): string {
  let previous = 1;
  const parts = ids.map((id) => {
    const piece = pieces[id] ?? Buffer.alloc(0);
    const byte = /^<0x([0-9A-F]{2})>$/.exec(piece.toString("latin1"))?.[1];
    const drop = previous === 1 && piece[0] === 0x20 ? 1 : 0;
    previous = id;
    return byte === undefined ? piece.subarray(drop) : Buffer.from(byte, "hex");
  });
  return Buffer.concat(parts).toString("utf8");
}
