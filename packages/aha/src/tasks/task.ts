/** What a task is: where its questions come from, how they are asked, and how an answer is judged. */
import type { JsonValue, Outcome } from "@aha/verify";

export type { JsonValue, Outcome };

/** One turn of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A dataset row's columns by name. */
export type Columns = Readonly<Record<string, JsonValue>>;

/** One question: a prompt (standard or conversational) and the dataset columns its rewards read. */
export interface Question<Row extends Columns = Columns> {
  /** Unique within its task and split, stable from run to run. */
  readonly id: string;
  readonly prompt: string | readonly Message[];
  readonly columns: Row;
}

/** What one reward function said of one completion; a `null` value means "does not apply". */
export interface Judgement {
  readonly value: number | null;
  /** Present where the reward is a verifier's verdict. */
  readonly outcome?: Outcome;
  /** One line for a human: why. */
  readonly detail?: string;
}

/** What a reward function gets to see. */
export interface RewardInput<Row extends Columns = Columns> {
  readonly question: Question<Row>;
  /** The completion's text, without the prompt and without the end-of-sequence token. */
  readonly completion: string;
  /** True when the completion was cut off by the token limit instead of ending by itself. */
  readonly truncated: boolean;
}

/** A named reward; `judge` may be asynchronous. Its name appears in metrics as `rewards/<name>/mean`. */
export interface Reward {
  readonly name: string;
  readonly weight: number;
  /** Seconds a verdict may take once its judge was called; later is the outcome `timeout`. Default 60. */
  readonly deadlineSeconds?: number;
  /** How many verdicts are sought at once; the others wait. Default: all. */
  readonly concurrency?: number;
  judge(input: RewardInput): Judgement | Promise<Judgement>;
}

/** Completions that show a task's verifier at work. */
export interface Demonstration {
  /** The gold as the dataset has it; null where it has none to show. */
  readonly gold: string | null;
  /** A completion that answers rightly; null where the data holds no answer. */
  readonly right: string | null;
  readonly wrong: string;
}

/** A task in one value: data, prompt form, and verifier. */
export interface Task<Row extends Columns = Columns> {
  readonly name: string;
  /** The training questions in their fixed order; the trainer shuffles by its own seed. */
  readonly train: readonly Question<Row>[];
  /** Held-out questions, disjoint from `train`. */
  readonly heldOut: readonly Question<Row>[];
  readonly rewards: readonly Reward[];
  /** What its reader should be told of the data, such as rows that were left out. */
  readonly notes?: readonly string[];
  /** Present where the task can show its verifier at work. */
  demonstrate?(question: Question<Row>): Demonstration;
}
