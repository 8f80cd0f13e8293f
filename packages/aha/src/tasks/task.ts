/** What a task is: where its questions come from, how they are asked, and how an answer is judged. */

/** A JSON value, as dataset columns hold them. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** One turn of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** One question: a prompt (standard or conversational) and the dataset columns its rewards read. */
export interface Question {
  /** Unique within its task and split, stable from run to run. */
  readonly id: string;
  readonly prompt: string | readonly Message[];
  readonly columns: Readonly<Record<string, JsonValue>>;
}

/** How a verifier's look at one completion ended; only `correct` earns the accuracy reward. */
export type Outcome = "correct" | "wrong" | "unparsed" | "timeout" | "error";

/** What one reward function said of one completion; a `null` value means "does not apply". */
export interface Judgement {
  readonly value: number | null;
  /** Present where the reward is a verifier's verdict. */
  readonly outcome?: Outcome;
  /** One line for a human: why. */
  readonly detail?: string;
}

/** What a reward function gets to see. */
export interface RewardInput {
  readonly question: Question;
  /** The completion's text, without the prompt and without the end-of-sequence token. */
  readonly completion: string;
  /** True when the completion was cut off by the token limit instead of ending by itself. */
  readonly truncated: boolean;
}

/** A named reward; `judge` may be asynchronous. Its name appears in metrics as `rewards/<name>/mean`. */
export interface Reward {
  readonly name: string;
  readonly weight: number;
  judge(input: RewardInput): Judgement | Promise<Judgement>;
}

/** A task in one value: data, prompt form, and verifier. */
export interface Task {
  readonly name: string;
  /** The training questions in their fixed order; the trainer shuffles by its own seed. */
  readonly train: readonly Question[];
  /** Held-out questions, disjoint from `train`. */
  readonly heldOut: readonly Question[];
  readonly rewards: readonly Reward[];
}
