/** What the commands call: the signatures of the work behind the command line, known to both sides of it. */
import type { PretrainRecipe } from "../recipe/pretrain-schema.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import type { RunSummary } from "../run/run-records.ts";
import type { JsonValue } from "../tasks/task.ts";

/** Options of a command that trains. */
export interface TrainOptions {
  /** The run directory; created where absent. */
  readonly runDirectory: string;
  /** Go on from the latest checkpoint instead of starting anew. */
  readonly resume: boolean;
  /** One JSON line a step on standard output instead of the progress display. */
  readonly json: boolean;
}

/** How a training command ended. */
export interface TrainResult {
  /** `interrupted`: Ctrl-C; a checkpoint was written and the run can be resumed. */
  readonly status: "finished" | "interrupted";
  readonly runDirectory: string;
  readonly steps: number;
  readonly summary: RunSummary | null;
}

export type Dtype = "auto" | "float32" | "bfloat16";
export type Device = "auto" | "cpu" | "cuda";

/** How tokens are drawn; `temperature` 0 is greedy. */
export interface SamplingOptions {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly maxNewTokens: number;
  readonly seed: number;
}

/** What `aha generate` asks for. */
export interface GenerateRequest {
  readonly model: string;
  /** Text, or token ids that are taken as they are. */
  readonly prompt: { readonly text: string } | { readonly ids: readonly number[] };
  /** Wrap the text as a user's turn in the model's chat template. */
  readonly chat: boolean;
  readonly sampling: SamplingOptions;
  readonly samples: number;
  readonly dtype: Dtype;
  readonly device: Device;
  /** Called with each piece of text as it is decoded; only for one sample. */
  readonly onText?: (piece: string) => void;
}

/** One generated completion. */
export interface GeneratedCompletion {
  readonly text: string;
  readonly promptTokenIds: readonly number[];
  readonly tokenIds: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly finish: "stop" | "length";
}

/** One line of `aha score`'s input; `line` is its number from 1, for messages. */
export type ScoreInput = { readonly line?: number } & (
  | { readonly text: string }
  | { readonly input_ids: readonly number[] }
);

/** One line of `aha score`'s output: mean negative log-probability, and each token's after the first. */
export interface ScoreOutput {
  readonly loss: number;
  readonly logprobs: readonly number[];
}

export interface ScoreRequest {
  readonly model: string;
  readonly dtype: Dtype;
  readonly device: Device;
}

/** What `aha evaluate` asks for. */
export interface EvaluateRequest {
  readonly model: string;
  /** The task's name and options, resolved through the task registry. */
  readonly task: { readonly name: string; readonly [option: string]: JsonValue };
  readonly questions: number;
  readonly samplesPerQuestion: number;
  readonly sampling: SamplingOptions;
  readonly dtype: Dtype;
  readonly device: Device;
}

/** What an evaluation found: `accuracy`, `mean_length`, `format`, `reflection`, and what else there is. */
export interface EvaluationReport {
  readonly accuracy: number;
  readonly mean_length: number;
  readonly format: number;
  readonly reflection: Readonly<Record<string, number>>;
  readonly questions: number;
  readonly samples: number;
  readonly [other: string]: JsonValue | Readonly<Record<string, number>>;
}

/** One finding of `aha doctor`. */
export interface DoctorFinding {
  readonly name: string;
  readonly status: "ok" | "warning" | "missing";
  readonly detail: string;
  /** The command or step that mends it. */
  readonly remedy?: string;
}

/** The work behind the command line; commands import it lazily, so `--help` loads no LibTorch. */
export interface Work {
  trainReinforcement(recipe: ReinforcementRecipe, options: TrainOptions): Promise<TrainResult>;
  pretrain(recipe: PretrainRecipe, options: TrainOptions): Promise<TrainResult>;
  generateCompletions(request: GenerateRequest): Promise<readonly GeneratedCompletion[]>;
  /** Scores lines as they are read, in order. */
  scoreLines(request: ScoreRequest, lines: AsyncIterable<ScoreInput>): AsyncIterable<ScoreOutput>;
  evaluateModel(request: EvaluateRequest): Promise<EvaluationReport>;
  doctorReport(): Promise<readonly DoctorFinding[]>;
}
