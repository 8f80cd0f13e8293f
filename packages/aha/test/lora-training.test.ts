/** LoRA by reinforcement learning: what moves and what does not, the reference without a copy, resumption bit for bit. */
import assert from "node:assert/strict";
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { liveTensors, scope } from "@aha/torch";
import { readAdapterConfig } from "../src/lora/adapter-config.ts";
import { openModel, openTokenizer } from "../src/models/load-model.ts";
import { parseRecipe } from "../src/recipe/define-recipe.ts";
import { RecipeError } from "../src/recipe/recipe-error.ts";
import { latestCheckpoint } from "../src/run/checkpoints.ts";
import { runPaths } from "../src/run/run-directory.ts";
import type { Task } from "../src/tasks/task.ts";
import { PolicySession } from "../src/training/policy-session.ts";
import { TrainingStateError } from "../src/training/training-state.ts";
import { probeTask } from "./helpers/probe-task.ts";
import {
  metricsOf,
  outcomeOf,
  runTrain,
  testFolder,
  tinyBase,
  trainInput,
  trainRecipe,
} from "./helpers/tiny-runs.ts";

const folder = testFolder("lora");
const place = (name: string): string => join(folder, name);
const lora = { rank: 4, alpha: 8 };
const quick = { evaluation: { questions: 0 } };
let base = "";
before(async () => {
  base = await tinyBase(folder);
});

const input = (rl: object = {}, changes: object = {}, model: object = { lora }) =>
  trainInput(
    base,
    { learningRate: 0.02, ...rl },
    { model: { path: base, device: "cpu", ...model }, ...changes },
  );

const lastCheckpoint = (run: string): string =>
  latestCheckpoint(runPaths(run).checkpoints)?.path ?? assert.fail("no checkpoint");

test("a run with an adapter moves A and B alone, and leaves a PEFT folder that opens with its base", async () => {
  const live = liveTensors();
  const weights = readFileSync(join(base, "model.safetensors"));
  const run = place("run");
  const { status, said } = await runTrain(input({ recomputeActivations: true }), run);
  assert.equal(status, "finished");
  assert.equal(liveTensors(), live);
  assert.deepEqual(readFileSync(join(base, "model.safetensors")), weights);
  assert.match(said, /step 6\/6/);
  for (const metrics of metricsOf(run)) {
    assert.ok((metrics.grad_norm ?? 0) > 0);
    assert.ok((metrics["sampling/sampling_logp_difference/max"] ?? 1) < 1e-4, "on-policy in float32");
  }
  assert.equal(metricsOf(run)[0]?.kl, 0, "the policy begins as its reference");
  assert.ok((metricsOf(run)[5]?.kl ?? 0) > 1e-6, "and leaves it");

  const checkpoint = lastCheckpoint(run);
  assert.deepEqual(
    readdirSync(checkpoint).filter((name) => !/tokenizer/.test(name)),
    [
      ...["README.md", "adapter_config.json", "adapter_model.safetensors", "checkpoint.json"],
      ...["generation_config.json", "optimizer.safetensors", "training-state.json"],
    ],
  );
  assert.match(
    readFileSync(join(checkpoint, "README.md"), "utf8"),
    /library_name: peft\n[\s\S]*base_model: "/,
  );
  const { rank, alpha, base: named } = readAdapterConfig(checkpoint);
  assert.deepEqual([rank, alpha, named], [4, 8, base]);
  const { model } = openModel(checkpoint, { dtype: "auto", device: "cpu" });
  openTokenizer(checkpoint, model.config);
  scope(() => {
    for (const matrix of model.adapters.active?.matrices() ?? assert.fail("no adapter")) {
      assert.ok(matrix.tensor.abs().max().item() > 0, `${matrix.name} has moved`);
    }
  });
  model.dispose();
});

test("the optimiser holds A and B alone, and the reference no second copy of the weights", () => {
  const bytes = (tensors: readonly { elementCount: number }[]): number =>
    tensors.reduce((sum, one) => sum + 4 * one.elementCount, 0);
  const before = liveTensors();
  const session = new PolicySession(trainRecipe(input()));
  const { policy, optimizer, reference } = session;
  const trained = policy.parameters();
  // Per layer: A of four projections, B of seven modules.
  assert.equal(trained.length, policy.config.layers * 11);
  assert.equal(bytes([...optimizer.stateTensors().values()]), 2 * bytes(trained), "two moments");
  assert.ok(bytes(trained) < (4 * policy.parameterCount) / 2);
  assert.equal(reference?.head, policy.head, "the very same tensors");
  assert.equal(reference?.adapters.active, null);
  const optional = policy.config.tieEmbeddings ? 0 : 1;
  const weights = 2 + optional + 6 * policy.config.layers;
  // Besides them the two rotary tables, and two moments a trained tensor.
  assert.equal(liveTensors() - before, weights + 2 + 3 * trained.length);

  const estimate = session.memory(8);
  const width = 4;
  assert.equal(estimate.weights, width * (policy.parameterCount + 2 * policy.trainedCount));
  assert.equal(estimate.optimizer, 12 * policy.trainedCount);
  session.refreshReference();
  assert.equal(liveTensors() - before, weights + 2 + 4 * trained.length, "only the adapter was copied");
  session.dispose();
  assert.equal(liveTensors(), before);
});

/** The probe task, asking for a stop as Ctrl-C does while the given completion is judged. */
function stoppingTask(atJudgement: number): Task {
  let judged = 0;
  const [accuracy, ...others] = probeTask.rewards;
  assert.ok(accuracy);
  const judge: typeof accuracy.judge = (given) => {
    if (++judged === atJudgement) process.emit("SIGINT");
    return accuracy.judge(given);
  };
  return { ...probeTask, rewards: [{ ...accuracy, judge }, ...others] };
}

for (const dtype of ["float32", "bfloat16"]) {
  test(`${dtype}: N + N steps equal 2 N bit for bit, a refreshed reference included`, async () => {
    const rl = { miniBatches: 2, refreshReferenceEvery: 3 };
    const recipe = (task: Task) => input(rl, { ...quick, task }, { dtype, lora });
    const [whole, parts] = [place(`${dtype}-whole`), place(`${dtype}-parts`)];
    await runTrain(recipe(probeTask), whole);
    const { weights } = outcomeOf(whole) as { weights: Record<string, string> };
    assert.ok(weights["reference/adapter_model.safetensors"], "the reference is kept as an adapter");
    assert.equal(existsSync(join(lastCheckpoint(whole), "model.safetensors")), false);
    const stopped = await runTrain(recipe(stoppingTask(2 * 16 + 5)), parts);
    assert.deepEqual([stopped.status, stopped.steps], ["interrupted", 3]);
    await runTrain(recipe(probeTask), parts, true);
    assert.deepEqual(outcomeOf(parts), outcomeOf(whole));
  });
}

test("training goes on from an adapter's folder, whose start is the reference", async () => {
  const first = lastCheckpoint(place("run"));
  const recipe = input({}, quick, { path: first, lora });
  const before = liveTensors();
  const session = new PolicySession(trainRecipe(recipe));
  assert.equal(session.reference?.head, session.policy.head);
  assert.notEqual(session.reference?.adapters.active, null);
  session.dispose();
  assert.equal(liveTensors(), before);
  const { status } = await runTrain(recipe, place("further"));
  assert.equal(status, "finished");
  assert.equal(metricsOf(place("further"))[0]?.kl, 0);

  const refused = (model: object, message: RegExp): void => {
    assert.throws(
      () => new PolicySession(trainRecipe(input({}, {}, { path: first, ...model }))),
      (error) => error instanceof RecipeError && message.test(error.message),
    );
    assert.equal(liveTensors(), before);
  };
  refused({}, /model\.path: .*is a LoRA adapter: give model\.lora to train it further, or merge/);
  refused({ lora: { ...lora, rank: 8 } }, /model\.lora\.rank: is 8, but the adapter .* has 4/);
  refused(
    { lora: { ...lora, targetModules: ["q_proj"] } },
    /model\.lora\.targetModules: names other modules/,
  );
});

test("a run does not go on over another base, nor as another kind of training", async () => {
  const copied = place("copied-base");
  cpSync(base, copied, { recursive: true });
  const recipe = (steps: number) => input({ steps }, quick, { path: copied, lora });
  await runTrain(recipe(2), place("on-copy"));
  const config = join(copied, "config.json");
  const before = readFileSync(config, "utf8");
  writeFileSync(config, before.replace(/"rope_theta": [\d.]+/g, '"rope_theta": 9999'));
  await assert.rejects(runTrain(recipe(3), place("on-copy"), true), (error) => {
    return (
      error instanceof TrainingStateError &&
      /the base model at .*copied-base is not the one/.test(error.message)
    );
  });
  writeFileSync(config, before);
  await runTrain(recipe(3), place("on-copy"), true);
  appendFileSync(config, " ");
  await assert.rejects(
    runTrain(input({ steps: 3 }, quick, { path: copied }), place("on-copy"), true),
    /model\.lora/,
  );
});

test("what a recipe may not ask of LoRA is refused by its path", () => {
  const problems = (asked: object): string => {
    try {
      parseRecipe(input({}, {}, { lora: asked }));
    } catch (error) {
      return error instanceof RecipeError ? error.message : String(error);
    }
    return "accepted";
  };
  assert.equal(problems({}), "accepted");
  assert.equal(problems({ targetModules: ["q_proj", "down_proj"], rslora: true }), "accepted");
  assert.match(problems({ dropout: 0.1 }), /model\.lora\.dropout: 0\.1 would make the trainer's log-prob/);
  assert.match(problems({ rank: 0 }), /model\.lora\.rank/);
  assert.match(problems({ r: 8 }), /model\.lora\.r: unknown key "r"/);
  assert.match(problems({ targetModules: ["lm_head"] }), /model\.lora\.targetModules/);
});
