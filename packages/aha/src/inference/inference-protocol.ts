/** What the serving process and the inference process say to each other. */
import type { EngineStatistics, SequenceEvent, SequenceRequest } from "./sequence-request.ts";

/** Which model the inference process opens, and how. */
export interface InferenceOptions {
  /** A model's or a LoRA adapter's folder. */
  readonly folder: string;
  /** Under which name it is served; by default the folder's own. */
  readonly name: string | null;
  /** Further LoRA adapters, by the names under which they are served. */
  readonly adapters: readonly { readonly name: string; readonly folder: string }[];
  readonly dtype: "auto" | "float32" | "bfloat16";
  readonly device: "auto" | "cpu" | "cuda";
  /** Tokens of a sequence, its prompt included; null: as many as the model has positions. */
  readonly positions: number | null;
  /** Sequences decoded at once; null: as many as the cache's memory allows, at most 64. */
  readonly rows: number | null;
  /** Memory for keys and values, where `rows` is null. */
  readonly cacheBytes: number;
  /** Threads of LibTorch; null: its own choice. */
  readonly threads: number | null;
}

/** A model as it is served. */
export interface ServedModel {
  readonly id: string;
  /** The adapter's name; null for the base. */
  readonly adapter: string | null;
}

/** What the inference process has opened. */
export interface InferenceInformation {
  /** The first one answers where a request names none. */
  readonly models: readonly ServedModel[];
  readonly tokenizerFolder: string;
  readonly family: string;
  readonly parameterCount: number;
  readonly dtype: string;
  readonly device: string;
  readonly vocabularySize: number;
  readonly bosTokenId: number | null;
  readonly positions: number;
  readonly rows: number;
  readonly cacheBytes: number;
  /** The folder's own settings for sampling; null where it says nothing. */
  readonly sampling: {
    readonly temperature: number | null;
    readonly topP: number | null;
    readonly topK: number | null;
    readonly minP: number | null;
  };
}

export type ToInference =
  | { readonly type: "open"; readonly options: InferenceOptions }
  | { readonly type: "submit"; readonly request: SequenceRequest }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "statistics"; readonly token: number };

export type FromInference =
  | { readonly type: "opened"; readonly information: InferenceInformation }
  | { readonly type: "notOpened"; readonly name: string; readonly message: string; readonly stack: string }
  | { readonly type: "events"; readonly events: readonly SequenceEvent[] }
  | { readonly type: "refused"; readonly id: number; readonly message: string }
  /** A step failed; every sequence in flight was dropped. */
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "statistics"; readonly token: number; readonly statistics: EngineStatistics };
