/** What the programs of the model-speed benchmark are asked for (as JSON in their first argument) and print (on their last line). */

export interface ModelSpeedSettings {
  /** A key of shapes.json; weights are random. */
  readonly shape: string;
  /** A model folder instead, for both sides alike; null: random weights. */
  readonly folder: string | null;
  readonly dtype: "float32" | "bfloat16";
  readonly device: "cpu" | "cuda";
  /** 0: all cores. */
  readonly threads: number;
  readonly batches: readonly number[];
  readonly promptTokens: number;
  readonly newTokens: number;
  /** One update's examples; no sequences: training is left out. */
  readonly training: { readonly sequences: number; readonly length: number };
  /** The best of so many counts. */
  readonly rounds: number;
}

export interface ModelSpeed {
  readonly implementation: string;
  readonly parameters: number;
  /** New tokens a second by batch, over all of the batch, without the prompt's pass. */
  readonly decodingTokensPerSecond: Readonly<Record<string, number>>;
  readonly trainingTokensPerSecond: number | null;
  /** Ours alone measures the machine: reading memory, and a product of 2048 × 2048. */
  readonly bandwidthBytesPerSecond?: number;
  readonly gemmGigaflops?: number;
  readonly peakBytes: number;
}
