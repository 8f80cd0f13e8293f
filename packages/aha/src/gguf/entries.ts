/** One key of GGUF's metadata with its type, and the bytes of all of them before a file's data. */
import { type GGUFTypedMetadata, GGUFValueType, serializeGgufMetadata } from "@huggingface/gguf";

export type Entry =
  | { readonly key: string; readonly type: "string"; readonly value: string }
  | { readonly key: string; readonly type: "uint32" | "float32"; readonly value: number }
  | { readonly key: string; readonly type: "boolean"; readonly value: boolean }
  | { readonly key: string; readonly type: "strings"; readonly value: readonly string[] }
  | { readonly key: string; readonly type: "int32s" | "float32s"; readonly value: readonly number[] };

const types = {
  string: { type: GGUFValueType.STRING },
  uint32: { type: GGUFValueType.UINT32 },
  float32: { type: GGUFValueType.FLOAT32 },
  boolean: { type: GGUFValueType.BOOL },
  strings: { type: GGUFValueType.ARRAY, subType: GGUFValueType.STRING },
  int32s: { type: GGUFValueType.ARRAY, subType: GGUFValueType.INT32 },
  float32s: { type: GGUFValueType.ARRAY, subType: GGUFValueType.FLOAT32 },
} as const;

/** Magic number, version 3, counts and entries, without padding: the tensors' descriptions follow. */
export function encodeEntries(entries: readonly Entry[], tensors: number): Uint8Array {
  const count = { value: BigInt(tensors), type: GGUFValueType.UINT64 };
  const metadata = {
    version: { value: 3, type: GGUFValueType.UINT32 },
    tensor_count: count,
    kv_count: { ...count, value: BigInt(entries.length) },
    ...Object.fromEntries(entries.map(({ key, type, value }) => [key, { ...types[type], value }])),
  };
  return serializeGgufMetadata(metadata as unknown as GGUFTypedMetadata, { alignment: 1 });
}
