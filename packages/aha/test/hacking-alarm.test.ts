/** The alarm in a real run: it ends the run where it is to stop, warns where it is not, and is remembered over a resume. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { defineRecipe } from "../src/recipe/define-recipe.ts";
import { trainReinforcement } from "../src/stages/reinforcement.ts";
import type { Question, Task } from "../src/tasks/task.ts";
import { temporaryFolder, writeTinyModel } from "./helpers/tiny-model.ts";

const folder = temporaryFolder("alarm");
after(() => rmSync(folder, { recursive: true }));
const model = join(folder, "model");
mkdirSync(model);
writeTinyModel(model);

const question = (id: string): Question => ({
  id,
  prompt: "User: Make 3 from 1, 2. Assistant:",
  columns: {},
});

/** Held-out accuracy falls, and the preference rises, once `turning` training completions have been judged. */
function turningTask(turning: number): Task {
  let judged = 0;
  const heldOut = (id: string): boolean => id.startsWith("held");
  return {
    name: "turning",
    train: [question("a"), question("b")],
    heldOut: [question("held-out")],
    rewards: [
      {
        name: "accuracy",
        weight: 1,
        judge: ({ question: { id }, completion }) => {
          if (heldOut(id)) return { value: judged >= turning ? 0 : 1 };
          judged++;
          return { value: completion.length % 2 };
        },
      },
      {
        name: "preference",
        weight: 1,
        judge: ({ question: { id } }) => ({ value: heldOut(id) && judged >= turning ? 2 : 1 }),
      },
    ],
  };
}

const recipe = (stop: boolean, steps = 5) =>
  defineRecipe({
    ...{ stage: "rl", name: "alarm", seed: 1, threads: 1, model: { path: model } },
    task: turningTask(8), // four completions a step: the second step's
    rl: { steps, questionsPerStep: 2, groupSize: 2, maxNewTokens: 4, klCoefficient: 0 },
    ...{ evaluation: { questions: 1, every: 1 }, preflight: { enabled: false }, log: { sampleEvery: 0 } },
    alarm: { reward: "preference", accuracyDrop: 0.5, stop },
  });

const warningsOf = (runDirectory: string): number[] =>
  readFileSync(join(runDirectory, "events.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; step: number; message?: string })
    .filter(({ type, message }) => type === "warning" && /reward hacking\?/.test(message ?? ""))
    .map(({ step }) => step);

test("an alarm that stops ends the run after the evaluation that raised it", async () => {
  const runDirectory = join(folder, "stopped");
  const result = await trainReinforcement(recipe(true), { runDirectory, resume: false, json: false });
  assert.equal(result.status, "finished");
  assert.equal(result.steps, 2);
  assert.deepEqual(warningsOf(runDirectory), [2]);
});

test("an alarm that only warns lets the run go on, and warns at each evaluation", async () => {
  const runDirectory = join(folder, "warned");
  const result = await trainReinforcement(recipe(false), { runDirectory, resume: false, json: false });
  assert.equal(result.steps, 5);
  assert.deepEqual(warningsOf(runDirectory), [2, 3, 4]);
});

test("what was seen before a resume still counts", async () => {
  const runDirectory = join(folder, "resumed");
  const options = { runDirectory, resume: false, json: false };
  const [first, second] = [recipe(true, 1), recipe(true, 5)];
  await trainReinforcement(first, options);
  // The task's counter begins anew, so that it turns two steps after the resume.
  const result = await trainReinforcement(second, { ...options, resume: true });
  assert.equal(result.steps, 3);
  assert.deepEqual(warningsOf(runDirectory), [3]);
});
