/** Several tasks as one: their questions interleaved, each judged by its own task's rewards. */
import type { Judgement, Question, Reward, RewardInput, Task } from "./task.ts";

/** A part of a mixture. */
export interface TaskShare {
  readonly task: Task;
  /** Questions of this task in every round of the mixture; default 1. Its questions come again where they run out. */
  readonly share?: number;
}

/** The mixture cannot be made: says which part is at fault. */
export class TaskMixtureError extends Error {
  override readonly name = "TaskMixtureError";
}

/**
 * A round takes `share` questions of each task in turn until the longest is used up, so that any stretch of the questions
 * holds the tasks in their shares. Rewards of one name stand for one reward; it applies (is not null) where the question's
 * own task has it. Throws TaskMixtureError for parts of one name's reward that differ in weight.
 */
export function mixTasks(name: string, parts: readonly TaskShare[]): Task {
  const owner = new Map<string, Task>();
  /** Ids stay unique in the mixture, also where a question comes again. */
  const own: Owned = (task, question, again) => {
    const id = `${task.name}/${question.id}${again === 0 ? "" : `#${again + 1}`}`;
    owner.set(id, task);
    return { ...question, id };
  };
  const heldOut = parts.flatMap(({ task }) => task.heldOut.map((question) => own(task, question, 0)));
  const names = [...new Set(parts.flatMap(({ task }) => task.rewards.map((reward) => reward.name)))];
  return {
    name,
    train: interleave(parts, own),
    heldOut,
    rewards: names.map((rewardName) => mergeRewards(rewardName, parts, ({ id }) => owner.get(id))),
    notes: parts.flatMap(({ task }) => task.notes ?? []),
  };
}

type Owned = (task: Task, question: Question, again: number) => Question;

function interleave(parts: readonly TaskShare[], own: Owned): Question[] {
  for (const { task, share = 1 } of parts) {
    if (task.train.length > 0 && Number.isSafeInteger(share) && share >= 1) continue;
    throw new TaskMixtureError(
      `task "${task.name}": expected training questions and a share that is a whole number from 1, got ` +
        `${task.train.length} questions and ${share}. Leave the task out of the mixture, or give it both.`,
    );
  }
  const rounds = Math.max(...parts.map(({ task, share = 1 }) => Math.ceil(task.train.length / share)));
  const questions: Question[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { task, share = 1 } of parts) {
      for (let index = round * share; index < (round + 1) * share; index++) {
        const { length } = task.train;
        questions.push(own(task, task.train[index % length] as Question, Math.floor(index / length)));
      }
    }
  }
  return questions;
}

function mergeRewards(
  name: string,
  parts: readonly TaskShare[],
  taskOf: (question: Question) => Task | undefined,
): MixedReward {
  const byTask = new Map<Task, Reward>();
  for (const { task } of parts) {
    const reward = task.rewards.find((one) => one.name === name);
    if (reward !== undefined) byTask.set(task, reward);
  }
  const all = [...byTask.values()];
  const first = all[0] as Reward;
  const odd = all.find(({ weight }) => weight !== first.weight);
  if (odd !== undefined) {
    throw new TaskMixtureError(
      `reward "${name}" weighs ${first.weight} in one task and ${odd.weight} in another. Give one another name, or the same weight.`,
    );
  }
  const rewardOf = ({ question }: RewardInput): Reward | undefined => {
    const task = taskOf(question);
    return task === undefined ? undefined : byTask.get(task);
  };
  const judge = (input: RewardInput): Judgement | Promise<Judgement> =>
    rewardOf(input)?.judge(input) ?? { value: null };
  const deadlines = all.flatMap(({ deadlineSeconds }) => deadlineSeconds ?? []);
  const limits = all.flatMap(({ concurrency }) => concurrency ?? []);
  return {
    name,
    weight: first.weight,
    ...(deadlines.length === 0 ? {} : { deadlineSeconds: Math.max(...deadlines) }),
    ...(limits.length === 0 ? {} : { concurrency: Math.min(...limits) }),
    judge,
    ...(all.some(({ judgeAll }) => judgeAll !== undefined)
      ? { judgeAll: (inputs: readonly RewardInput[]) => judgeTogether(inputs, rewardOf, judge) }
      : {}),
    // So that a run's recipe tells what the rewards were made of.
    parts: Object.fromEntries([...byTask].map(([task, reward]) => [task.name, reward])),
  };
}

/** A reward of the mixture, with each task's own. */
export interface MixedReward extends Reward {
  readonly parts: Readonly<Record<string, Reward>>;
}

/** Each reward that judges many at once gets all of its own inputs. */
async function judgeTogether(
  inputs: readonly RewardInput[],
  rewardOf: (input: RewardInput) => Reward | undefined,
  judge: Reward["judge"],
): Promise<Judgement[]> {
  const places = new Map<Reward, number[]>();
  const found: Promise<Judgement>[] = [];
  for (const [place, input] of inputs.entries()) {
    const reward = rewardOf(input);
    if (reward?.judgeAll === undefined) found[place] = Promise.resolve(judge(input));
    else places.set(reward, [...(places.get(reward) ?? []), place]);
  }
  for (const [reward, ofReward] of places) {
    const all = reward.judgeAll?.(ofReward.map((place) => inputs[place] as RewardInput));
    for (const [index, place] of ofReward.entries()) {
      found[place] = Promise.resolve(all).then((judgements) => judgements?.[index] ?? { value: null });
    }
  }
  return Promise.all(found);
}
