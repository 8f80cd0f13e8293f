/** A recipe's defaults, and what its faults are told as. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../tasks/task.ts";
import { defineRecipe, parseRecipe } from "./define-recipe.ts";
import { RecipeError } from "./recipe-error.ts";

const minimal = {
  stage: "rl",
  name: "tiny",
  model: { path: "models/tiny" },
  task: { name: "countdown" },
  rl: { steps: 5 },
} as const;

const shape = { hiddenSize: 64, layers: 2, heads: 4, keyValueHeads: 2, intermediateSize: 128 };
const pretraining = {
  stage: "pretrain",
  name: "base",
  model: shape,
  corpus: { name: "text", documents: () => ["a"] },
  tokenizer: "models/tiny",
  tokens: 1_000_000,
  output: "models/base",
} as const;

/** The problems of a recipe as `path: message` lines; fails where there are none. */
function problemsOf(input: unknown): string[] {
  try {
    parseRecipe(input);
  } catch (error) {
    assert.ok(error instanceof RecipeError, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return assert.fail("the recipe was accepted");
}

test("defaults are the paper's where it states them", () => {
  const { rl } = defineRecipe(minimal);
  const { questionsPerStep, groupSize, learningRate, klCoefficient, refreshReferenceEvery, temperature } = rl;
  assert.deepEqual(
    { questionsPerStep, groupSize, learningRate, klCoefficient, refreshReferenceEvery, temperature },
    {
      questionsPerStep: 32,
      groupSize: 16,
      learningRate: 3e-6,
      klCoefficient: 0.001,
      refreshReferenceEvery: 400,
      temperature: 1,
    },
  );
});

test("a resolved recipe resolves to itself, and keeps values made in code", () => {
  const task: Task = { name: "own", train: [], heldOut: [], rewards: [] };
  const once = defineRecipe({ ...minimal, task });
  assert.equal(once.task, task);
  assert.deepEqual(parseRecipe(once), once);
  const base = defineRecipe(pretraining);
  assert.equal(base.corpus, pretraining.corpus);
  assert.deepEqual(parseRecipe(base), base);
});

test("an unknown key is named with its path and the nearest known one", () => {
  assert.deepEqual(problemsOf({ ...minimal, rl: { steps: 5, learning_rate: 1 } }), [
    'rl.learning_rate: unknown key "learning_rate" in rl; did you mean "learningRate"?',
  ]);
  assert.match(problemsOf({ ...minimal, sede: 1 })[0] ?? "", /unknown key "sede"; did you mean "seed"/);
  assert.match(problemsOf({ ...minimal, zzzzzz: 1 })[0] ?? "", /known here: stage, name/);
});

test("all faults are told at once, each with what was expected and what came", () => {
  const problems = problemsOf({ ...minimal, name: "a/b", model: { dtype: "fp8" }, rl: { steps: "many" } });
  assert.equal(problems.length, 4);
  assert.match(problems.join("\n"), /^name: expected letters.*got "a\/b"$/m);
  assert.match(problems.join("\n"), /^model\.path: missing; expected string$/m);
  assert.match(problems.join("\n"), /^model\.dtype: expected one of .*bfloat16.*got "fp8"$/m);
  assert.match(problems.join("\n"), /^rl\.steps: expected number, got "many"$/m);
});

test("batches that cannot be split name the nearest that can", () => {
  const rl = { steps: 5, questionsPerStep: 6, groupSize: 4, miniBatches: 7 };
  assert.deepEqual(problemsOf({ ...minimal, rl }), [
    "rl.miniBatches: 6 questions × 4 samples = 24 completions cannot be split into 7 equal mini-batches; " +
      "nearest that can: rl.miniBatches 6 or 8, or rl.questionsPerStep 7",
  ]);
  assert.match(
    problemsOf({ ...minimal, rl: { steps: 5, groupSize: 1 } })[0] ?? "",
    /^rl\.groupSize: .*at least 2/,
  );
});

test("shapes that cannot be built name the nearest that can", () => {
  assert.match(
    problemsOf({ ...pretraining, model: { ...shape, heads: 5, keyValueHeads: 5 } })[0] ?? "",
    /^model\.heads: a width of 64 cannot be split into 5 heads.*nearest: 4 or 2/,
  );
  assert.match(
    problemsOf({ ...pretraining, model: { ...shape, keyValueHeads: 3 } })[0] ?? "",
    /^model\.keyValueHeads: .*nearest: 2 or 4/,
  );
});

test("what is no recipe at all is told so", () => {
  assert.match(problemsOf(null)[0] ?? "", /expected an object of fields, got null/);
  assert.match(
    problemsOf({ stage: "dpo" })[0] ?? "",
    /expected "rl", "sft", "reward-model" or "pretrain", got "dpo"/,
  );
  const { task: _, ...without } = minimal;
  assert.match(problemsOf(without)[0] ?? "", /^task: missing; expected a Task value/);
});
