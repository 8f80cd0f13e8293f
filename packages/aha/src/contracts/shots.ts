/** Zero-shot against few-shot prompts: what is asked for, and what is found. */
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";

export interface ShotsRequest {
  readonly run: string;
  /** Of the run: its task and limits. */
  readonly recipe: ReinforcementRecipe;
  /** Numbers of examples before the question. */
  readonly shots: readonly number[];
  readonly questions: number;
}

/** What so many examples make of the same held-out questions. */
export interface ShotsRow {
  readonly shots: number;
  readonly accuracy: number;
  /** 95 % interval over questions. */
  readonly low: number;
  readonly high: number;
  readonly format: number;
  readonly tokens: number;
}
