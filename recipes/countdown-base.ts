/** The miniature base model: pretrained on generated Countdown text that mostly gives up. `aha pretrain recipes/countdown-base.ts` */
import { countdownText, defineRecipe, worldTokenizer } from "aha";

export default defineRecipe({
  stage: "pretrain",
  name: "countdown-base",
  seed: 1,
  model: { hiddenSize: 192, layers: 4, heads: 6, keyValueHeads: 6, intermediateSize: 512, maxPositions: 512 },
  corpus: countdownText(),
  tokenizer: worldTokenizer(),
  tokens: 15_000_000,
  sequenceLength: 256,
  batch: 24,
  learningRate: 2e-3,
  warmup: 150,
  output: "models/countdown-base",
});
