/** Judging a group: asynchronous rewards, what does not apply, and judges that fail, hang or talk nonsense. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Completion, Group } from "../src/rollout/records.ts";
import type { Judgement, Reward, RewardInput } from "../src/tasks/task.ts";
import { scoreGroup } from "../src/training/score-group.ts";

const completion = (sample: number, text: string, finish: Completion["finish"] = "stop"): Completion => ({
  sample,
  tokenIds: [1, 2],
  logProbabilities: Float32Array.of(-1, -2),
  text,
  finish,
});

const group: Group = {
  question: { id: "q", prompt: "1 + 1 =", columns: { answer: "2" } },
  promptTokenIds: [5, 6],
  completions: [completion(0, "2"), completion(1, "3"), completion(2, "", "length")],
};

const reward = (name: string, weight: number, judge: Reward["judge"]): Reward => ({ name, weight, judge });

const accuracy = reward("accuracy", 1, ({ completion: text, question }) =>
  text === question.columns.answer ? { value: 1, outcome: "correct" } : { value: 0, outcome: "wrong" },
);

test("rewards are weighed and summed, with their breakdown, synchronous or not", async () => {
  const slow = reward("slow", 0.5, async ({ truncated }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return { value: truncated ? -2 : 1 };
  });
  const { completions, question, promptTokenIds } = await scoreGroup(group, [accuracy, slow]);
  assert.deepEqual(
    completions.map((one) => one.reward),
    [1.5, 0.5, -1],
  );
  assert.deepEqual(completions[0]?.breakdown, {
    accuracy: { value: 1, outcome: "correct" },
    slow: { value: 1 },
  });
  assert.equal(completions[1]?.completion, group.completions[1]);
  assert.equal(question, group.question);
  assert.equal(promptTokenIds, group.promptTokenIds);
});

test("a judge sees the question's columns, the text, and whether it was cut off", async () => {
  const seen: RewardInput[] = [];
  await scoreGroup(group, [
    reward("look", 1, (input) => {
      seen.push(input);
      return { value: 0 };
    }),
  ]);
  assert.deepEqual(
    seen.map(({ completion: text, truncated }) => [text, truncated]),
    [
      ["2", false],
      ["3", false],
      ["", true],
    ],
  );
  assert.ok(seen.every(({ question }) => question === group.question));
});

test("a reward that does not apply adds nothing and stays null in the breakdown", async () => {
  const { completions } = await scoreGroup(group, [accuracy, reward("language", 5, () => ({ value: null }))]);
  assert.equal(completions[0]?.reward, 1);
  assert.deepEqual(completions[0]?.breakdown.language, { value: null });
});

test("a judge that throws, at once or later, is an error outcome and not a wrong answer", async () => {
  const { completions } = await scoreGroup(group, [
    reward("throws", 1, () => {
      throw new TypeError("no such column");
    }),
    reward("rejects", 1, () => Promise.reject(new Error("sandbox is gone"))),
    reward("throws a string", 1, () => {
      throw "odd";
    }),
    accuracy,
  ]);
  assert.equal(completions[0]?.reward, 1);
  assert.deepEqual(completions[0]?.breakdown, {
    throws: { value: 0, outcome: "error", detail: "no such column" },
    rejects: { value: 0, outcome: "error", detail: "sandbox is gone" },
    "throws a string": { value: 0, outcome: "error", detail: "odd" },
    accuracy: { value: 1, outcome: "correct" },
  });
});

test("values that are not finite numbers are errors that name the reward", async () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const judge of [() => ({ value }), async () => ({ value })]) {
      const { completions } = await scoreGroup(group, [reward("broken", 1, judge)]);
      assert.equal(completions[0]?.reward, 0);
      assert.equal(completions[0]?.breakdown.broken?.outcome, "error");
      assert.match(completions[0]?.breakdown.broken?.detail ?? "", /"broken" gave (NaN|Infinity)/);
    }
  }
});

test("a judge that never answers is a timeout; the others' verdicts stand", async (context: TestContext) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const never = new Promise<Judgement>(() => {});
  const scoring = scoreGroup(group, [accuracy, reward("hangs", 1, () => never)]);
  // Each part of a deadline needs a turn of the event loop of its own.
  for (let part = 0; part < 40; part++) {
    await new Promise((resolve) => setImmediate(resolve));
    context.mock.timers.tick(3_600_000);
  }
  const { completions } = await scoring;
  assert.equal(completions[0]?.reward, 1);
  assert.equal(completions[0]?.breakdown.hangs?.outcome, "timeout");
  assert.match(completions[0]?.breakdown.hangs?.detail ?? "", /no verdict within/);
});

test("a verdict in time leaves no timer behind", async (context: TestContext) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const cleared = context.mock.method(globalThis, "clearTimeout");
  await scoreGroup(group, [reward("quick", 1, async () => ({ value: 1 }))]);
  assert.equal(cleared.mock.callCount(), group.completions.length);
});
