/**
 * Distillation as a value (DeepSeek-R1 §2.4, B.4.3): smaller students fine-tuned on the teacher's samples, and, to compare, the
 * same students trained by reinforcement learning alone. It is a pipeline like any other, so it resumes like one.
 */

import { definePipeline, type PipelineRecipe, type PipelineStage, type Suite } from "./define-pipeline.ts";
import { defineRecipe, type RecipeInput } from "./define-recipe.ts";
import type { ReinforcementRecipeInput } from "./reinforcement-schema.ts";
import type { SupervisedRecipeInput } from "./supervised-schema.ts";

export interface Student {
  /** Names its stages and its columns. */
  readonly name: string;
  /** Its base model's folder. */
  readonly model: string;
  /** The paper's: 1e-4 for 1.5B down to 2e-5 for 70B. */
  readonly learningRate: number;
  readonly output: string;
  /** Where the student trained by reinforcement alone is put; needed with `reinforcement`. */
  readonly reinforcedOutput?: string;
}

export interface DistillationInput {
  readonly name: string;
  readonly seed?: number;
  readonly threads?: number;
  /** The curated dataset: its train.jsonl, or its folder. */
  readonly data: string;
  readonly students: readonly Student[];
  /** Defaults are the paper's: 2 epochs (2–3), batch 64, 32,768 tokens, a cosine to a tenth. */
  readonly training?: Pick<SupervisedRecipeInput, "epochs" | "batch" | "maxLength" | "warmup" | "evaluation">;
  /** R1-Zero's stage on each student itself; left out: no comparison. */
  readonly reinforcement?: Pick<ReinforcementRecipeInput, "task" | "rl" | "evaluation">;
  /** What base, distilled and reinforced students are measured in. */
  readonly suites: {
    readonly distilled: readonly Suite[];
    /** Of the base and of the reinforced student, whose form is R1-Zero's; default: the same. */
    readonly reinforced?: readonly Suite[];
  };
}

/** Throws RecipeError. */
export function defineDistillation(input: DistillationInput): PipelineRecipe {
  return definePipeline({
    name: input.name,
    stages: input.students.flatMap((student) => stagesOf(student, input)),
  });
}

function stagesOf(student: Student, input: DistillationInput): PipelineStage[] {
  const { seed = 0, threads = 0, data, training = {}, reinforcement, suites } = input;
  const { name, model, output, learningRate, reinforcedOutput } = student;
  const common = { seed, threads, model: { path: model } };
  const supervised: RecipeInput = {
    ...{ epochs: 2, batch: 64, maxLength: 32_768 },
    ...training,
    ...common,
    ...{ stage: "sft", name: `${name}-distilled`, data, learningRate, output },
  };
  const alone = suites.reinforced ?? suites.distilled;
  const stages: PipelineStage[] = [
    { recipe: defineRecipe(supervised) },
    { measure: `${name}, base`, model, suites: alone },
    { measure: `${name}, distilled`, model: output, suites: suites.distilled },
  ];
  if (reinforcement === undefined) return stages;
  const place = reinforcedOutput ?? `${output}-rl`;
  const recipe = defineRecipe({ ...reinforcement, ...common, stage: "rl", name: `${name}-rl` });
  return [
    ...stages,
    { recipe, output: place },
    { measure: `${name}, RL alone`, model: place, suites: alone },
  ];
}
