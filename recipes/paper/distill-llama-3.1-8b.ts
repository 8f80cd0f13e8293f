/** R1 distilled into Llama-3.1-8B: supervised fine-tuning on the 800K examples, no reinforcement (R1 §4, B.4). */
import { defineRecipe } from "aha";
import { distillation } from "./shared/distillation.ts";

export default defineRecipe({
  ...distillation,
  name: "paper-distill-llama-3.1-8b",
  model: { path: "meta-llama/Llama-3.1-8B" },
  learningRate: 5e-5, // R1, table of distillation settings
  output: "models/paper/distill-llama-3.1-8b",
});
