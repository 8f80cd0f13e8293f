/** Tests of the Countdown task: its questions, its split, reading rows, its rewards. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeExpression } from "@aha/verify";
import { countdown } from "./countdown.ts";
import { drawComputation } from "./countdown-computation.ts";
import {
  CountdownQuestionError,
  countdownKey,
  countdownQuestions,
  readCountdownColumns,
  readCountdownRows,
} from "./countdown-questions.ts";
import { createRandom } from "./random.ts";
import type { Question } from "./task.ts";

const keyOf = (question: Question): string =>
  countdownKey(readCountdownColumns(question.columns, question.id));

test("questions are within their ranges, different, and solvable with every number", () => {
  const questions = countdownQuestions("train", 400, 3);
  assert.equal(new Set(questions.map(keyOf)).size, 400);
  const random = createRandom("solve");
  for (const question of questions) {
    const { nums, target } = readCountdownColumns(question.columns, question.id);
    assert.equal(nums.length, 3);
    assert.ok(nums.every((value) => value >= 1 && value <= 13));
    assert.ok(target >= 10 && target <= 60);
    let solved = false;
    for (let draw = 0; draw < 20_000 && !solved; draw++) {
      const computation = drawComputation(random, nums, 1_000);
      solved =
        computation.value === target && judgeExpression(computation.expression, nums, target).value === 1;
    }
    assert.ok(solved, question.id);
  }
});

test("the same seed gives the same questions, another seed others", () => {
  assert.deepEqual(countdownQuestions("train", 50, 5), countdownQuestions("train", 50, 5));
  assert.notDeepEqual(countdownQuestions("train", 50, 5), countdownQuestions("train", 50, 6));
});

test("held-out questions meet no training question under any seed", () => {
  const heldOut = new Set(countdownQuestions("heldOut", 300, 1).map(keyOf));
  for (const seed of [1, 2, 3]) {
    for (const question of countdownQuestions("train", 1_500, seed)) assert.ok(!heldOut.has(keyOf(question)));
  }
});

test("other ranges and four numbers work; impossible ones are refused with the reason", () => {
  const questions = countdownQuestions("train", 20, 1, { numbers: 4, maximumNumber: 50, maximumTarget: 99 });
  assert.ok(questions.every((question) => (question.columns.nums as number[]).length === 4));
  assert.throws(() => countdownQuestions("train", 100, 1, { maximumNumber: 2 }), /found only|gave none/);
  assert.throws(() => countdownQuestions("train", 1, 1, { numbers: 1 }), CountdownQuestionError);
  assert.throws(
    () => countdownQuestions("train", 1, 1, { minimumTarget: 9, maximumTarget: 8 }),
    CountdownQuestionError,
  );
});

test("rows of the common format become questions", () => {
  const rows = [
    { target: 98n, nums: [44n, 19n, 35n], extra: "kept out" },
    { target: 98, nums: new Int32Array([35, 44, 19]) },
    { target: 64, nums: [63, 95, 96] },
  ];
  const questions = readCountdownRows(rows);
  assert.equal(questions.length, 2, "the second row is the first again");
  assert.deepEqual(questions[0]?.columns, { nums: [44, 19, 35], target: 98 });
  assert.match(String(questions[0]?.prompt), /44, 19, 35[\s\S]*98[\s\S]*Assistant:$/);
  assert.throws(
    () => readCountdownRows([{ target: 1, nums: [1] }, { goal: 3 }]),
    /row 1.*got \{target: nothing/,
  );
  assert.throws(() => readCountdownRows([{ target: "1", nums: [1] }]), CountdownQuestionError);
});

test("the task judges by accuracy and format, with the same weight", async () => {
  const task = countdown({ train: 10, heldOut: 5 });
  assert.equal(task.name, "countdown");
  assert.equal(task.train.length, 10);
  assert.equal(task.heldOut.length, 5);
  assert.deepEqual(
    task.rewards.map(({ name, weight }) => [name, weight]),
    [
      ["accuracy", 1],
      ["format", 1],
    ],
  );
  const [question] = readCountdownRows([{ target: 33, nums: [3, 7, 12] }], "terse");
  assert.ok(question);
  assert.equal(question.prompt, "User: Make 33 from 3, 7, 12. Assistant:");
  const judge = async (completion: string) =>
    Promise.all(task.rewards.map((reward) => reward.judge({ question, completion, truncated: false })));
  const [accuracy, format] = await judge("<answer> 3 * 7 + 12 </answer>");
  assert.equal(accuracy?.outcome, "correct");
  assert.equal(accuracy?.value, 1);
  assert.equal(format?.value, 0);
});
