/** The dense decoder families by `model_type`: what each adds to Llama's layers, and how its config.json says so. */

/** What distinguishes a family from Llama (Touvron et al. 2023); everything else is shared. */
export interface Family {
  /** The class name in transformers, as `architectures` holds it. */
  readonly architecture: string;
  /** Queries, keys and values have biases; the output projection has none. */
  readonly projectionBias: boolean;
  /** Queries and keys are RMS-normalised per head before they are rotated. */
  readonly queryKeyNorm: boolean;
  /** Fields of config.json that this family's files carry beyond the shared ones. */
  readonly ownFields: Readonly<Record<string, unknown>>;
}

export const families = {
  llama: {
    architecture: "LlamaForCausalLM",
    projectionBias: false,
    queryKeyNorm: false,
    ownFields: { attention_bias: false, mlp_bias: false, pretraining_tp: 1 },
  },
  qwen2: {
    architecture: "Qwen2ForCausalLM",
    projectionBias: true,
    queryKeyNorm: false,
    ownFields: { use_sliding_window: false, sliding_window: null },
  },
  qwen3: {
    architecture: "Qwen3ForCausalLM",
    projectionBias: false,
    queryKeyNorm: true,
    ownFields: { attention_bias: false, use_sliding_window: false, sliding_window: null },
  },
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;
export const familyNames = Object.keys(families) as [FamilyName, ...FamilyName[]];
