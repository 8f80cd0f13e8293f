/** Rewards of the user's own: plain typed functions, synchronous or not, put beside a task's. */
import type { Columns, Judgement, Question, Reward, RewardInput, Task } from "./task.ts";
import { isTaskSource, type TaskSource } from "./task-source.ts";

/** What a reward function gets: the completion, and the question with its columns, typed by the task's. */
export interface RewardArguments<Row extends Columns = Columns> {
  readonly completion: string;
  readonly columns: Row;
  readonly question: Question<Row>;
  /** True when the completion was cut off by the token limit. */
  readonly truncated: boolean;
}

/** A number, a judgement with outcome and detail, or null where the reward does not apply. */
export type RewardResult = number | Judgement | null;

export type RewardFunction<Row extends Columns = Columns> = (
  input: RewardArguments<Row>,
) => RewardResult | Promise<RewardResult>;

export interface RewardOptions {
  /** Default 1. */
  readonly weight?: number;
  /** Seconds until a verdict counts as `timeout`; default 60. */
  readonly deadlineSeconds?: number;
  /** How many verdicts are sought at once, for judges that cost; default: all. */
  readonly concurrency?: number;
}

/** A reward that knows the columns it reads. */
export interface TypedReward<Row extends Columns> extends Reward {
  judge(input: RewardInput<Row>): Judgement | Promise<Judgement>;
}

/** A reward's definition cannot work: says which and why. */
export class RewardDefinitionError extends Error {
  override readonly name = "RewardDefinitionError";
}

/**
 * Names a reward function; the name appears in metrics as `rewards/<name>/mean`.
 *
 * @example defineReward("short", ({ completion }) => (completion.length < 400 ? 1 : 0), { weight: 0.1 })
 * @throws {RewardDefinitionError} for a name that metrics cannot carry, or numbers that make no sense
 */
export function defineReward<Row extends Columns = Columns>(
  name: string,
  judge: RewardFunction<Row>,
  options: RewardOptions = {},
): TypedReward<Row> {
  const { weight = 1, deadlineSeconds, concurrency } = options;
  if (!/^[\w.-]+$/.test(name)) {
    throw new RewardDefinitionError(
      `a reward called ${JSON.stringify(name)}: expected letters, digits, dots, dashes or underscores, since its ` +
        "name is part of metric names. Give it one by defineReward(name, function)",
    );
  }
  if (!Number.isFinite(weight)) throw wrongNumber(name, "weight", "a finite number", weight);
  if (deadlineSeconds !== undefined && !(deadlineSeconds > 0)) {
    throw wrongNumber(name, "deadlineSeconds", "a number above 0", deadlineSeconds);
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw wrongNumber(name, "concurrency", "a whole number of at least 1", concurrency);
  }
  return {
    name,
    weight,
    ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }),
    ...(concurrency === undefined ? {} : { concurrency }),
    judge: ({ question, completion, truncated }) => {
      const result = judge({ completion, columns: question.columns, question, truncated });
      return result instanceof Promise ? result.then(asJudgement) : asJudgement(result);
    },
  };
}

function wrongNumber(name: string, field: string, expected: string, came: number): RewardDefinitionError {
  return new RewardDefinitionError(`reward "${name}": expected ${field} to be ${expected}, got ${came}`);
}

/** Scoring checks the number itself, so that what is no number is an outcome `error` and not a silent 0. */
function asJudgement(result: RewardResult): Judgement {
  return typeof result === "object" && result !== null ? result : { value: result };
}

/**
 * The task with further rewards. A function stands for a reward of its own name and weight 1.
 *
 * @throws {RewardDefinitionError} where two rewards of a task would have the same name
 */
export function withRewards<Row extends Columns>(
  task: TaskSource<Row>,
  ...rewards: readonly (TypedReward<NoInfer<Row>> | RewardFunction<NoInfer<Row>>)[]
): TaskSource<Row>;
export function withRewards<Row extends Columns>(
  task: Task<Row>,
  ...rewards: readonly (TypedReward<NoInfer<Row>> | RewardFunction<NoInfer<Row>>)[]
): Task<Row>;
export function withRewards<Row extends Columns>(
  task: Task<Row> | TaskSource<Row>,
  ...rewards: readonly (TypedReward<NoInfer<Row>> | RewardFunction<NoInfer<Row>>)[]
): Task<Row> | TaskSource<Row> {
  const added = rewards.map((reward) =>
    typeof reward === "function" ? defineReward(reward.name, reward) : reward,
  );
  return isTaskSource(task) ? extendSource(task as TaskSource<Row>, added) : extend(task as Task<Row>, added);
}

function extend<Row extends Columns>(task: Task<Row>, added: readonly Reward[]): Task<Row> {
  const rewards = [...task.rewards, ...added];
  const names = rewards.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return { ...task, rewards };
  throw new RewardDefinitionError(
    `task "${task.name}" would have two rewards called "${twice}". Give one another name by defineReward`,
  );
}

function extendSource<Row extends Columns>(
  source: TaskSource<Row>,
  added: readonly Reward[],
): TaskSource<Row> {
  return {
    name: source.name,
    options: source.options,
    load: async () => extend(await source.load(), added),
    with: (option, value) => extendSource(source.with(option, value), added),
  };
}
