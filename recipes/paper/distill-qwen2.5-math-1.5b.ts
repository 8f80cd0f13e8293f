/**
 * R1 distilled into Qwen2.5-Math-1.5B: supervised fine-tuning on the 800K examples, no reinforcement (R1 §4, B.4).
 * Its configuration allows 4,096 positions: raise max_position_embeddings to 32,768 in its folder first, or longer examples are left out.
 */
import { defineRecipe } from "aha";
import { distillation } from "./shared/distillation.ts";

export default defineRecipe({
  ...distillation,
  name: "paper-distill-qwen2.5-math-1.5b",
  model: { path: "Qwen/Qwen2.5-Math-1.5B" },
  learningRate: 1e-4, // R1, table of distillation settings
  output: "models/paper/distill-qwen2.5-math-1.5b",
});
