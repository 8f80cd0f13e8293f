/** `--set` on a recipe. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../tasks/task.ts";
import { defineRecipe } from "./define-recipe.ts";
import { applyOverrides } from "./overrides.ts";

const recipe = defineRecipe({
  stage: "rl",
  name: "tiny",
  model: { path: "models/tiny" },
  task: { name: "countdown" },
  rl: { steps: 5 },
});

test("values are read as the field's type", () => {
  const changed = applyOverrides(recipe, [
    "rl.learningRate=1e-6",
    "rl.betas=0.9,0.99",
    "rl.shuffleRewards=true",
    "name=2024",
    "model.dtype=bfloat16",
    "task.numbers=[3,4]",
  ]);
  assert.ok(changed.stage === "rl");
  assert.equal(changed.rl.learningRate, 1e-6);
  assert.deepEqual(changed.rl.betas, [0.9, 0.99]);
  assert.equal(changed.rl.shuffleRewards, true);
  assert.equal(changed.name, "2024");
  assert.equal(changed.model.dtype, "bfloat16");
  assert.deepEqual(changed.task, { name: "countdown", numbers: [3, 4] });
  assert.equal(recipe.rl.learningRate, 3e-6, "the recipe itself stays as it was");
});

test("wrong paths and values say what is right", () => {
  const cases: Array<[string, RegExp]> = [
    ["rl.learningrate=1", /--set: rl\.learningrate: unknown key .* did you mean "learningRate"/],
    ["rl=1", /rl: is a section; set one of its fields: steps/],
    ["rl.steps.x=1", /rl\.steps has no fields of its own/],
    ["rl.steps=many", /rl\.steps: expected number, got "many"/],
    ["rl.steps", /expected path=value/],
    ["stage=pretrain", /stage: the kind of recipe cannot be overridden/],
    ["rl.miniBatches=7", /cannot be split into 7/],
    ["toString=1", /unknown key "toString"/],
    ["__proto__.x=1", /unknown key "__proto__"/],
  ];
  for (const [assignment, expected] of cases) {
    assert.throws(() => applyOverrides(recipe, [assignment]), expected, assignment);
  }
});

test("a task made in code cannot be reached, and stays the same value", () => {
  const task: Task = { name: "own", train: [], heldOut: [], rewards: [] };
  const own = defineRecipe({ ...recipe, task });
  assert.throws(
    () => applyOverrides(own, ["task.numbers=4"]),
    /task\.numbers: task is a value made in the recipe's code/,
  );
  assert.equal(applyOverrides(own, ["seed=3"]).stage === "rl" && own.task, task);
});
