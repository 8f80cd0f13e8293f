/** What saving and restoring need of a model, be it for tokens or for scalars. */
import type { Device, Dtype, Tensor } from "@aha/torch";
import type { DecoderConfig } from "../folder/decoder-config.ts";
import type { SafetensorsEntry } from "../folder/safetensors.ts";
import type { AdapterSet } from "../lora/adapter-set.ts";

export interface StoredModel {
  readonly config: DecoderConfig;
  readonly dtype: Dtype;
  readonly device: Device;
  readonly adapters: AdapterSet;
  /** [1, D]: the head of a scalar model, which is trained and stored with an adapter. */
  readonly score?: Tensor;
  /** The trained tensors in a fixed order. */
  parameters(): Tensor[];
  /** All weights but the adapter's, by Hugging Face's names. */
  entries(): SafetensorsEntry[];
  /** Writes the weights of a folder's files over these. */
  restore(folder: string): void;
}
