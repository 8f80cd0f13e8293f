/** Settings that several of the paper's stages share, each with its source. */

/** A rollout is 8,192 outputs, of 512 questions × 16, split at random into 16 mini-batches (R1 §2.1). */
export const UPDATES_PER_ROLLOUT = 16;

/** Steps of the paper are policy updates, ours are rollouts; whole ones. */
export const rollouts = (updates: number): number => Math.floor(updates / UPDATES_PER_ROLLOUT);

export const reinforcement = {
  questionsPerStep: 32 * UPDATES_PER_ROLLOUT, // 32 questions an update (R1 §2.1)
  groupSize: 16, // R1 §2.1
  miniBatches: UPDATES_PER_ROLLOUT,
  innerEpochs: 1, // R1 §2.1
  learningRate: 3e-6, // R1 §2.1
  klCoefficient: 0.001, // R1 §2.1
  temperature: 1, // R1 §2.1
  refreshReferenceEvery: 400, // updates; R1 §2.1
  lossForm: "sequence-mean", // DeepSeekMath, equation 3
  advantageForm: "group-standardised", // R1, equation 3
  speculative: true, // the prediction module drafts (R1, B.1)
  // Ours from here on: the paper does not state them.
  topP: 1,
  warmupSteps: 0,
  schedule: "constant",
  weightDecay: 0,
  betas: [0.9, 0.95] as [number, number], // as DeepSeek-V3's pretraining
  maxGradientNorm: 1, // as DeepSeek-V3's pretraining
  truncated: "keep",
} as const;

/** R1, table 7: the rental price of an H800. */
export const PRICE = 2;

/** Ours: what a question with its instructions takes. */
export const PROMPT_TOKENS = 200;

/** The 804,745 examples of R1's table 5: 395,285 of 6,094 tokens, 211,129 of 7,436, 10,124 of 4,929, 10,395 of 2,739, 177,812 of 1,420. */
export const curated = { examples: 804_745, exampleTokens: 5355 } as const;

export const supervised = {
  epochs: 2, // 2–3 (R1, B.4)
  maxLength: 32_768, // R1, B.4
  finalLearningRateFraction: 0.1, // cosine to a tenth (R1, B.4)
  // Ours from here on.
  warmup: 0,
  weightDecay: 0,
  betas: [0.9, 0.95] as [number, number],
  maxGradientNorm: 1,
  overlong: "drop",
} as const;
