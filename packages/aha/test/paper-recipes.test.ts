/** The recipes at the paper's scale: each passes the schema and can be planned, and R1-Zero's plan is near what it took. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Recipe } from "../src/recipe/define-recipe.ts";
import { loadRecipe } from "../src/recipe/load-recipe.ts";
import { planRecipes } from "../src/tools/plan-recipes.ts";

const folder = fileURLToPath(new URL("../../../recipes/paper", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const recipes = new Map<string, Recipe>();
for (const name of files) recipes.set(name, await loadRecipe(join(folder, name)));
const named = (pattern: RegExp): Recipe[] =>
  [...recipes].filter(([name]) => pattern.test(name)).map(([, recipe]) => recipe);

const cluster = { assume: [], layout: {} };

test("nine stages and six students", () => {
  assert.equal(named(/^[1-9]-/).length, 9);
  assert.equal(named(/^distill-/).length, 6);
});

test("R1-Zero: 650 rollouts of 16 updates are 10,400 updates, 8,192 outputs each", () => {
  const stages = named(/r1-zero/).flatMap((recipe) => (recipe.stage === "rl" ? [recipe.rl] : []));
  assert.deepEqual(
    stages.map(({ steps, maxNewTokens }) => [steps, maxNewTokens]),
    [
      [512, 32_768],
      [138, 65_536],
    ],
  );
  for (const { questionsPerStep, groupSize, miniBatches } of stages) {
    assert.deepEqual([questionsPerStep * groupSize, questionsPerStep / miniBatches], [8192, 32]);
  }
});

test("R1-Zero's plan is within 25 % of the published 198 hours and $202K", async () => {
  const plan = await planRecipes(named(/r1-zero/), { ...cluster, cluster: "64x8xH800" });
  const hours = plan.runs.reduce((sum, run) => sum + run.hours, 0);
  assert.equal(plan.devices, 512);
  assert.ok(Math.abs(hours / 198 - 1) < 0.25, `${hours.toFixed(1)} hours`);
  const dollars = hours * plan.devices * plan.price;
  assert.ok(Math.abs(dollars / 202_000 - 1) < 0.25, `${dollars.toFixed(0)} dollars`);
  // No single assumption decides it: were any one of them the other value, the plan would still be within a factor of 1.5.
  assert.ok(plan.sensitivity.length >= 12);
  for (const { name, hours: otherwise } of plan.sensitivity) {
    assert.ok(
      otherwise / hours > 1 / 1.5 && otherwise / hours < 1.5,
      `${name}: ${otherwise.toFixed(1)} hours`,
    );
  }
});

test("the whole of R1 can be planned, stage after stage, and each student on a node", async () => {
  const stages = await planRecipes(named(/^[1-9]-/), { ...cluster, cluster: "64x8xH800" });
  for (const run of stages.runs) assert.ok(run.hours > 0 && Number.isFinite(run.hours), run.name);
  const students = await planRecipes(named(/^distill-(?!llama-3.3)/), { ...cluster, cluster: "8x8xH800" });
  for (const run of students.runs) {
    assert.ok(run.hours > 0, run.name);
    const used = Object.values(run.memory.training).reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(run.memoryLimit !== null && used < run.memoryLimit, run.name);
  }
});

test("a model that no recipe makes is named, with what to do", async () => {
  const [alone] = named(/8-r1-rl-2/);
  assert.ok(alone !== undefined);
  await assert.rejects(
    planRecipes([alone], { ...cluster, cluster: "64x8xH800" }),
    /models\/paper\/r1-dev3 is no model folder.*--shape/,
  );
  const stood = await planRecipes([alone], {
    ...cluster,
    cluster: "64x8xH800",
    shape: "deepseek-ai/DeepSeek-R1",
  });
  assert.ok((stood.runs[0]?.hours ?? 0) > 0);
});
