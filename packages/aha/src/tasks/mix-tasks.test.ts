/** Mixtures of tasks: shares, unique ids, each question judged by its own task. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mixTasks, TaskMixtureError } from "./mix-tasks.ts";
import type { Reward, Task } from "./task.ts";

const reward = (name: string, value: number, weight = 1): Reward => ({
  name,
  weight,
  judge: () => ({ value }),
});
const task = (name: string, questions: number, rewards: Reward[]): Task => ({
  name,
  train: Array.from({ length: questions }, (_, index) => ({
    id: `q${index}`,
    prompt: `${name} ${index}`,
    columns: {},
  })),
  heldOut: [{ id: "h", prompt: `${name} held out`, columns: {} }],
  rewards,
});

test("rounds hold the shares, the shorter task comes again, ids are unique", () => {
  const mixed = mixTasks("both", [
    { task: task("a", 6, [reward("x", 1)]), share: 3 },
    { task: task("b", 1, [reward("x", 0.5)]) },
  ]);
  const owners = mixed.train.map(({ id }) => id.slice(0, 1)).join("");
  assert.equal(owners, "aaabaaab");
  assert.equal(new Set(mixed.train.map(({ id }) => id)).size, 8);
  assert.deepEqual(
    mixed.heldOut.map(({ id }) => id),
    ["a/h", "b/h"],
  );
});

test("a reward applies where the question's own task has it", async () => {
  const mixed = mixTasks("both", [
    { task: task("a", 2, [reward("x", 1), reward("only_a", 0.25, 2)]) },
    { task: task("b", 2, [reward("x", 0.5)]) },
  ]);
  assert.deepEqual(
    mixed.rewards.map(({ name, weight }) => [name, weight]),
    [
      ["x", 1],
      ["only_a", 2],
    ],
  );
  const judge = async (id: string): Promise<(number | null)[]> => {
    const question = [...mixed.train, ...mixed.heldOut].find((one) => one.id === id) ?? assert.fail(id);
    const verdicts = await Promise.all(
      mixed.rewards.map((one) => one.judge({ question, completion: "", truncated: false })),
    );
    return verdicts.map(({ value }) => value);
  };
  assert.deepEqual(await judge("a/q0"), [1, 0.25]);
  assert.deepEqual(await judge("b/q1"), [0.5, null]);
  assert.deepEqual(await judge("b/h"), [0.5, null]);
});

test("a reward that judges many at once gets its own task's completions together", async () => {
  const batches: string[][] = [];
  const model: Reward = {
    ...reward("x", 9),
    judgeAll: async (inputs) => {
      batches.push(inputs.map(({ completion }) => completion));
      return inputs.map(({ completion }) => ({ value: completion.length }));
    },
  };
  const mixed = mixTasks("both", [
    { task: task("a", 2, [model]) },
    { task: task("b", 2, [reward("x", 0.5)]) },
  ]);
  const completions = ["p", "qq", "rrr", "ssss"];
  const inputs = mixed.train.map((question, index) => ({
    question,
    completion: completions[index] ?? "",
    truncated: false,
  }));
  const verdicts = await mixed.rewards[0]?.judgeAll?.(inputs);
  assert.deepEqual(
    verdicts?.map(({ value }) => value),
    [1, 0.5, 3, 0.5],
  );
  assert.deepEqual(batches, [["p", "rrr"]]);
  assert.equal(mixTasks("plain", [{ task: task("a", 1, [reward("x", 1)]) }]).rewards[0]?.judgeAll, undefined);
});

test("different weights of one name, empty tasks and odd shares are refused", () => {
  const a = task("a", 2, [reward("x", 1)]);
  const refuse = (parts: Parameters<typeof mixTasks>[1]) =>
    assert.throws(() => mixTasks("m", parts), TaskMixtureError);
  refuse([{ task: a }, { task: task("b", 1, [reward("x", 1, 2)]) }]);
  refuse([{ task: a, share: 0 }]);
  refuse([{ task: task("b", 0, []) }]);
});
