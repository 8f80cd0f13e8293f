/** Rewards of the user's own: what a definition accepts, what a function may give, and the columns' types. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineReward, RewardDefinitionError, withRewards } from "./define-reward.ts";
import { gsm8k } from "./gsm8k.ts";
import type { Judgement, Question, Task } from "./task.ts";

const question: Question<{ answer: string }> = { id: "q", prompt: "1 + 1?", columns: { answer: "2" } };
const input = { question, completion: "2", truncated: false };

test("a function gives a number, a judgement or null, at once or later", async () => {
  const judge = async (result: number | Judgement | null) => [
    await defineReward("now", () => result).judge(input),
    await defineReward("later", async () => result).judge(input),
  ];
  assert.deepEqual(await judge(0.5), [{ value: 0.5 }, { value: 0.5 }]);
  assert.deepEqual(await judge(null), [{ value: null }, { value: null }]);
  const judgement: Judgement = { value: 1, outcome: "correct", detail: "so it is" };
  assert.deepEqual(await judge(judgement), [judgement, judgement]);
});

test("it sees the completion and the question's columns, by their types", async () => {
  const exact = defineReward<{ answer: string }>("exact", ({ completion, columns, truncated }) =>
    !truncated && completion === columns.answer.trim() ? 1 : 0,
  );
  assert.deepEqual(await exact.judge(input), { value: 1 });
  assert.equal(exact.weight, 1);
});

test("names that metrics cannot carry, and numbers without sense, are refused", () => {
  const one = () => 1;
  for (const name of ["", "a/b", "a b"]) assert.throws(() => defineReward(name, one), RewardDefinitionError);
  for (const options of [
    { weight: Number.NaN },
    { deadlineSeconds: 0 },
    { concurrency: 0 },
    { concurrency: 1.5 },
  ]) {
    assert.throws(() => defineReward("one", one, options), /reward "one": expected .* got /);
  }
  const nameless: Task = { name: "t", train: [], heldOut: [], rewards: [] };
  assert.throws(() => withRewards(nameless, () => 1), /called ""/);
});

test("rewards join a task or the source of one, also when an option changes", async () => {
  const path = new URL("./fixtures/gsm8k", import.meta.url).pathname;
  const brief = ({ columns, completion }: { columns: { gold: string }; completion: string }) =>
    completion.length <= columns.gold.length + 20 ? 1 : 0;
  const source = withRewards(
    gsm8k({ path: "absent" }),
    brief,
    defineReward("polite", () => null),
  );
  const task = await source.with("path", path).load();
  assert.deepEqual(
    task.rewards.map(({ name }) => name),
    ["accuracy", "format", "brief", "polite"],
  );
  const twice = withRewards(
    task,
    defineReward("other", () => 1),
  );
  assert.equal(twice.rewards.length, 5);
  assert.throws(() => withRewards(twice, brief), /two rewards called "brief"/);
});
