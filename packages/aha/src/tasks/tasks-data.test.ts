/** The tasks on the datasets themselves: how many questions, that every gold is read, and that each is right by its own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RewardScorer } from "../training/reward-scorer.ts";
import { aime } from "./aime.ts";
import { codeforces } from "./codeforces.ts";
import { countdownTask } from "./countdown-task.ts";
import { gsm8k } from "./gsm8k.ts";
import { humaneval } from "./humaneval.ts";
import { knightsAndKnaves } from "./knights-and-knaves.ts";
import { math } from "./math.ts";
import { mbpp } from "./mbpp.ts";
import { mmlu } from "./mmlu.ts";
import type { Question, Task } from "./task.ts";

const shared = join(import.meta.dirname, "../../../../../shared/data");
const options = { skip: existsSync(shared) ? false : "no ../shared/data" };
const data = (name: string): string => join(shared, name);

const sizes = ({ train, heldOut }: Task): readonly number[] => [train.length, heldOut.length];

/** Ids are unique on each side and no question is on both. */
function assertApart({ train, heldOut }: Task): void {
  const base = ({ id }: Question) => id.replace(/#\d+$/, "");
  for (const side of [train, heldOut]) assert.equal(new Set(side.map(({ id }) => id)).size, side.length);
  const away = new Set(heldOut.map(base));
  assert.ok(train.every((question) => !away.has(base(question))));
}

/** Of every so many-th question, the right answer is right and the wrong one is wrong. */
async function assertVerdicts(task: Task, every: number): Promise<void> {
  assertApart(task);
  const scorer = new RewardScorer(task.rewards);
  const questions = [...task.heldOut, ...task.train].filter((_, index) => index % every === 0);
  const judged = questions.flatMap((question) => {
    const { right, wrong } = task.demonstrate?.(question) ?? assert.fail("no demonstration");
    return [right, wrong].map(async (text, index) => {
      if (text === null) return;
      const completion = { sample: 0, tokenIds: [], logProbabilities: new Float32Array(), text };
      const { breakdown } = await scorer.score(question, { ...completion, finish: "stop" });
      const { outcome, detail } = breakdown.accuracy ?? assert.fail("no accuracy");
      if (index === 0) assert.equal(outcome, "correct", `${question.id}: ${detail}`);
      else assert.notEqual(outcome, "correct", `${question.id}: ${detail}`);
    });
  });
  await Promise.all(judged);
}

test("GSM8K", options, async () => {
  const task = await gsm8k({ path: data("gsm8k") }).load();
  assert.deepEqual(sizes(task), [7473, 1319]);
  await assertVerdicts(task, 10);
});

test(
  "MATH trains, MATH-500 is held out; rows without an answer are named, or left out and counted",
  options,
  async () => {
    const path = data("math");
    const heldOutPath = data("math500");
    await assert.rejects(
      math({ path }).load(),
      /4 of 7474 rows cannot be used:\n {2}\S+train\.json:row 887: /,
    );
    const task = await math({ path, heldOutPath, unparsedGold: "drop" }).load();
    assert.deepEqual(sizes(task), [7470, 500]);
    assert.match(task.notes?.join() ?? "", /4 of 7974 rows were left out/);
    await assertVerdicts(task, 10);
    assert.deepEqual(sizes(await math({ path: heldOutPath, levels: [5] }).load()), [0, 134]);
  },
);

test("AIME", options, async () => {
  for (const name of ["aime24_nemo.jsonl", "aime24_qwen.jsonl"]) {
    const task = await aime({ path: data(`aime/${name}`) }).load();
    assert.deepEqual(sizes(task), [0, 30]);
    await assertVerdicts(task, 1);
  }
  const before = await aime({ path: data("aime/aime_1983_2023_rllm.json"), heldOutOneIn: 0 }).load();
  assert.deepEqual(sizes(before), [975, 0]);
});

test("MMLU", options, async () => {
  const task = await mmlu({ path: data("mmlu/mmlu.zip") }).load();
  assert.equal(task.heldOut.length, 14_042);
  assert.ok(task.train.length > 1450 && task.train.length <= 1531);
  await assertVerdicts(task, 20);
});

test("HumanEval, in Python and in TypeScript", options, async () => {
  const python = await humaneval({ path: data("humaneval/HumanEval.jsonl.gz") }).load();
  assert.deepEqual(sizes(python), [0, 164]);
  await assertVerdicts(python, 16);
  const typescript = await humaneval({ path: data("humaneval/humaneval-ts.jsonl") }).load();
  assert.deepEqual(sizes(typescript), [0, 159]);
});

test("MBPP", options, async () => {
  const task = await mbpp({ path: data("mbpp/mbpp.jsonl") }).load();
  assert.deepEqual(sizes(task), [374, 500]);
  await assertVerdicts(task, 90);
});

test("Codeforces, CodeContests and LeetCode", options, async () => {
  for (const [name, count] of [
    ["codeforces", 408],
    ["code_contests", 165],
  ] as const) {
    const task = await codeforces({ path: data(`code/${name}.json`) }).load();
    assert.equal(task.train.length + task.heldOut.length, count);
    assertApart(task);
  }
  const leetcode = await codeforces({ path: data("code/leetcode.json") }).load();
  assert.equal(leetcode.train.length + leetcode.heldOut.length, 200);
  await assertVerdicts(leetcode, 40);
});

test("Knights and Knaves: every puzzle has the solution its row says", options, async () => {
  const task = await knightsAndKnaves({ path: data("knights_knaves") }).load();
  assert.deepEqual(sizes(task), [4500, 500]);
  await assertVerdicts(task, 20);
  assert.deepEqual(
    sizes(await knightsAndKnaves({ path: data("knights_knaves"), people: [3] }).load()),
    [900, 100],
  );
});

test("Countdown: the rows that are in both splits don't train", options, async () => {
  const task = await countdownTask({ path: data("countdown") }).load();
  assert.deepEqual(sizes(task), [7996, 2001]);
  await assertVerdicts(task, 500);
});
