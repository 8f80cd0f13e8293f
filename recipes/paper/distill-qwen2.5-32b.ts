/** R1 distilled into Qwen2.5-32B: supervised fine-tuning on the 800K examples, no reinforcement (R1 §4, B.4). */
import { defineRecipe } from "aha";
import { distillation } from "./shared/distillation.ts";

export default defineRecipe({
  ...distillation,
  name: "paper-distill-qwen2.5-32b",
  model: { path: "Qwen/Qwen2.5-32B" },
  learningRate: 6e-5, // R1, table of distillation settings
  output: "models/paper/distill-qwen2.5-32b",
});
