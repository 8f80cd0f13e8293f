/** Scoring while sampling: judges begin at once, in their own time, under a bound, and a blocked event loop costs none their verdict. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { temporaryFolder, tinyModel, writeWorldTokenizer } from "../../test/helpers/tiny-model.ts";
import type { Completion } from "../rollout/records.ts";
import type { RolloutOptions } from "../rollout/rollout.ts";
import { defineReward } from "../tasks/define-reward.ts";
import type { Question } from "../tasks/task.ts";
import { RewardScorer } from "./reward-scorer.ts";
import { scoredRollout } from "./scored-rollout.ts";

const question: Question = { id: "q", prompt: "1 + 1 =", columns: {} };
const completion = (sample: number): Completion => ({
  ...{ sample, tokenIds: [1], logProbabilities: Float32Array.of(-1), text: String(sample), finish: "stop" },
});
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Holds the thread, as LibTorch does. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test("a completion is judged as soon as it has ended, and verdicts come in, while others are still sampled", async () => {
  const folder = temporaryFolder("scored");
  const tokenizer = writeWorldTokenizer(folder);
  rmSync(folder, { recursive: true });
  const model = tinyModel(1, "float32", { initializerRange: 0.1 });
  const questions = ["a", "b", "c", "d"].map((id) => ({ id, prompt: ` ${id}`, columns: {} }));
  const options: RolloutOptions = {
    ...{ groupSize: 4, runSeed: 3, step: 2, temperature: 1, topP: 1, topK: 0, minP: 0, maxNewTokens: 60 },
    // A few rows at a time, so that completions end at different times.
    ...{ eosTokenIds: new Set(Array.from({ length: 20 }, (_, index) => index * 9)), capacity: 3 },
  };
  let sampling = true;
  const begun: boolean[] = [];
  const given: boolean[] = [];
  const slow = defineReward("slow", async () => {
    begun.push(sampling);
    // Several turns of the event loop, as a sandbox takes.
    for (let turns = 0; turns < 3; turns++) await turn();
    given.push(sampling);
    return 1;
  });
  const scored = await scoredRollout(model, tokenizer, questions, options, [slow]);
  sampling = false;
  const groups = await scored.groups();
  model.dispose();
  assert.equal(groups.flatMap(({ completions }) => completions).length, 16);
  assert.ok(groups.every(({ completions }) => completions.every(({ reward }) => reward === 1)));
  assert.deepEqual(
    groups.map(({ completions }) => completions.map(({ completion: { sample } }) => sample)),
    questions.map(() => [0, 1, 2, 3]),
  );
  assert.equal(begun.length, 16);
  assert.ok(begun.every(Boolean), "every judge was called before sampling ended");
  assert.ok(given.filter(Boolean).length >= 8, `${given.filter(Boolean).length} verdicts came in meanwhile`);
  assert.ok(Number.isFinite(scored.rewardMetrics()["rewards/slow/seconds"]));
});

test("no more verdicts are sought at once than the reward allows, over all groups", async () => {
  let running = 0;
  let most = 0;
  const costly = defineReward(
    "costly",
    async ({ completion: text }) => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
      if (text === "3") throw new Error("broken");
      return Number(text);
    },
    { concurrency: 2 },
  );
  const scorer = new RewardScorer([costly]);
  const scored = await Promise.all(
    Array.from({ length: 9 }, (_, n) => scorer.score(question, completion(n))),
  );
  assert.equal(most, 2);
  assert.deepEqual(
    scored.map(({ reward }) => reward),
    [0, 1, 2, 0, 4, 5, 6, 7, 8],
  );
  assert.equal(scored[3]?.breakdown.costly?.outcome, "error");
});

test("a reward's own deadline counts from its call, not from when it was put in line", async () => {
  const patient = defineReward(
    "patient",
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return 1;
    },
    { concurrency: 1, deadlineSeconds: 2 },
  );
  const hangs = defineReward("hangs", () => new Promise<number>(() => {}), { deadlineSeconds: 0.05 });
  const scorer = new RewardScorer([patient, hangs]);
  const scored = await Promise.all([0, 1, 2].map((sample) => scorer.score(question, completion(sample))));
  for (const { breakdown, reward } of scored) {
    assert.deepEqual([reward, breakdown.patient?.value, breakdown.hangs?.outcome], [1, 1, "timeout"]);
  }
});

test("a verdict that waits to be read while the thread is blocked is no timeout", async () => {
  const ready = defineReward(
    "ready",
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await turn();
      await turn();
      return 1;
    },
    { deadlineSeconds: 0.1 },
  );
  const scoring = new RewardScorer([ready]).score(question, completion(0));
  block(300);
  const { breakdown } = await scoring;
  assert.deepEqual(breakdown.ready, { value: 1 });
});

test("what is no number is an error that names the reward, also from plain JavaScript", async () => {
  for (const result of [Number.NaN, "1", undefined, { score: 1 }, true]) {
    const broken = defineReward("broken", () => result as number);
    const { breakdown, reward } = await new RewardScorer([broken]).score(question, completion(0));
    assert.equal(reward, 0);
    assert.equal(breakdown.broken?.outcome, "error", String(result));
    assert.match(breakdown.broken?.detail ?? "", /"broken" gave/);
  }
});
