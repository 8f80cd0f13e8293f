/** R1 distilled into Llama-3.3-70B-Instruct: supervised fine-tuning on the 800K examples, no reinforcement (R1 §4, B.4). */
import { defineRecipe } from "aha";
import { distillation } from "./shared/distillation.ts";

export default defineRecipe({
  ...distillation,
  name: "paper-distill-llama-3.3-70b",
  model: { path: "meta-llama/Llama-3.3-70B-Instruct" },
  learningRate: 2e-5, // R1, table of distillation settings
  output: "models/paper/distill-llama-3.3-70b",
});
