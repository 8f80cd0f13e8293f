/** Training on verifiers: the GSM8K and MBPP recipes on a tiny model, bad golds, and rewards of the user's own. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { saveModel } from "../src/models/load-model.ts";
import { loadRecipe } from "../src/recipe/load-recipe.ts";
import type { ReinforcementRecipe } from "../src/recipe/reinforcement-schema.ts";
import { readStepRollouts, runPaths } from "../src/run/run-directory.ts";
import { trainReinforcement } from "../src/stages/reinforcement.ts";
import { defineReward, withRewards } from "../src/tasks/define-reward.ts";
import { prompts } from "../src/tasks/prompts.ts";
import { tinyModel, writeWorldTokenizer } from "./helpers/tiny-model.ts";
import { eventsOf, metricsOf, quietly, runTrain, testFolder, trainInput } from "./helpers/tiny-runs.ts";

const folder = testFolder("verified");
const place = (name: string): string => join(folder, name);
const recipes = fileURLToPath(new URL("../../../recipes/", import.meta.url));
const fixtures = fileURLToPath(new URL("../src/tasks/fixtures/", import.meta.url));

/** Room for R1-Zero's template, byte by byte; random weights, since nothing is to be answered rightly. */
const base = place("base");
mkdirSync(base);
writeWorldTokenizer(base);
const model = tinyModel(1, "float32", { maxPositions: 2048, initializerRange: 0.1 });
saveModel(base, model, {
  tokenizerFolder: null,
  generation: {
    ...{ eosTokenIds: [0], bosTokenId: null, padTokenId: 0 },
    ...{ temperature: null, topP: null, topK: null, minP: null },
  },
  card: { title: "tiny", description: "Random weights for tests." },
});
model.dispose();

async function recipeOf(name: string, path: string): Promise<ReinforcementRecipe> {
  const recipe = await loadRecipe(join(recipes, name), [
    ...[`model.path=${base}`, "model.device=cpu", `task.path=${path}`, "rl.steps=2", "rl.questionsPerStep=2"],
    ...["rl.groupSize=4", "rl.maxNewTokens=16", "rl.warmupSteps=0", "threads=1", "evaluation.questions=1"],
    ...["preflight.enabled=false", "evaluation.every=0"],
  ]);
  return recipe.stage === "rl" ? recipe : assert.fail(`${name} is of stage ${recipe.stage}`);
}

for (const [name, file] of [
  ["gsm8k.ts", "gsm8k"],
  ["mbpp.ts", "mbpp.jsonl"],
] as const) {
  test(`recipes/${name} trains a few steps; every completion gets a verdict`, async () => {
    const recipe = await recipeOf(name, join(fixtures, file));
    const run = place(name);
    const result = await quietly(() =>
      trainReinforcement(recipe, { runDirectory: run, resume: false, json: false }),
    );
    assert.deepEqual([result.status, result.steps], ["finished", 2]);
    for (const metrics of metricsOf(run)) {
      const counts = ["correct", "wrong", "unparsed", "timeout", "error"].map(
        (outcome) => metrics[`outcome/accuracy/${outcome}`] ?? assert.fail(outcome),
      );
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        8,
      );
      assert.deepEqual([counts[3], counts[4]], [0, 0], "no verdict was lost");
      assert.ok(Number.isFinite(metrics["rewards/accuracy/seconds"]));
      assert.ok(Number.isFinite(metrics["rewards/format/mean"]));
      assert.ok((metrics["time/reward"] ?? -1) >= 0);
    }
    for (const { breakdown } of readStepRollouts(run, 2))
      assert.ok(breakdown.accuracy?.outcome !== undefined);
    const written = JSON.parse(readFileSync(runPaths(run).recipe, "utf8"));
    assert.equal(written.task.path, join(fixtures, file));
    assert.ok(written.task.questions.train.questions > 0);
  });
}

test("golds that do not parse stop the run before it begins", async () => {
  const recipe = await recipeOf("gsm8k.ts", join(fixtures, "gsm8k-broken.jsonl"));
  const run = place("broken");
  await assert.rejects(
    trainReinforcement(recipe, { runDirectory: run, resume: false, json: false }),
    /gsm8k-broken\.jsonl:2: .*gold/,
  );
  assert.equal(existsSync(run), false);
});

test("a run is not resumed on other data", async () => {
  const path = place("data.jsonl");
  const rows = (count: number) =>
    writeFileSync(
      path,
      Array.from({ length: count }, (_, n) => `{"question":"${n} + 1?","answer":"${n + 1}"}\n`).join(""),
    );
  rows(30);
  const recipe = await recipeOf("gsm8k.ts", path);
  const options = { runDirectory: place("resumed"), json: false };
  await quietly(() => trainReinforcement(recipe, { ...options, resume: false }));
  rows(31);
  await assert.rejects(trainReinforcement(recipe, { ...options, resume: true }), /task\.questions\./);
});

test("rewards of the user's: typed, asynchronous, of a weight, and silent where they do not apply", async () => {
  const rows = Array.from({ length: 12 }, (_, n) => ({ prompt: `User: Make ${n + 10}`, least: n }));
  const path = place("prompts.jsonl");
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const long = defineReward<{ least: number }>(
    "long",
    async ({ completion, columns }) => (completion.length > columns.least ? 1 : 0),
    { weight: 0.5, concurrency: 2 },
  );
  const even = ({ completion }: { completion: string }) =>
    completion.length > 20 ? null : completion.length % 2;
  const task = withRewards(
    prompts({ path }),
    even,
    defineReward("long", ({ completion }) => completion.length / 100),
  );
  assert.throws(() => withRewards({ ...probe, rewards: [long] }, long), /two rewards called "long"/);
  const run = place("own");
  const { status } = await runTrain(
    trainInput(base, { steps: 2 }, { task, evaluation: { questions: 0 }, checkpoint: { every: 0 } }),
    run,
  );
  assert.equal(status, "finished");
  for (const metrics of metricsOf(run)) {
    assert.ok(Number.isFinite(metrics["rewards/even/mean"]));
    assert.ok(Number.isFinite(metrics["rewards/long/mean"]));
    assert.equal(metrics["outcome/even/correct"], undefined);
  }
  assert.ok(eventsOf(run).some(({ type }) => type === "finish"));
});

const probe = { name: "probe", train: [], heldOut: [] };

test("a task without rewards is refused, and says what to do", async () => {
  const path = join(fixtures, "prompts.jsonl");
  await assert.rejects(
    runTrain(trainInput(base, {}, { task: prompts({ path }) }), place("none")),
    /has no rewards; give it some by withRewards/,
  );
});
