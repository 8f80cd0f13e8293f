/** LoRA by supervised fine-tuning, and what users do with its folder: resume, generate, reinforce, merge, convert. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { liveTensors } from "@aha/torch";
import { openModel } from "../src/models/load-model.ts";
import { parseRecipe } from "../src/recipe/define-recipe.ts";
import { runPaths } from "../src/run/run-directory.ts";
import { superviseFineTuning } from "../src/stages/supervised-fine-tuning.ts";
import { convertModel } from "../src/tools/convert-model.ts";
import { generateCompletions } from "../src/tools/generate-completions.ts";
import { metricsOf, quietly, runTrain, testFolder, tinyBase, trainInput } from "./helpers/tiny-runs.ts";

const folder = testFolder("lora-sft");
const place = (name: string): string => join(folder, name);
const lora = { rank: 8, alpha: 16, dropout: 0.1 };
let base = "";
before(async () => {
  base = await tinyBase(folder);
});

const rows = Array.from({ length: 24 }, (_, index) => ({
  prompt: `${index % 5} + 1 = `,
  completion: ` ${(index % 5) + 1}`,
}));

async function fineTune(name: string, changes: object = {}, resume = false): Promise<string> {
  const output = place(`${name}-tuned`);
  const recipe = parseRecipe({
    ...{ stage: "sft", name: "tiny-sft", seed: 5, threads: 1, output },
    model: { path: base, device: "cpu", dtype: "float32", lora },
    data: { name: "sums", rows },
    ...{ epochs: 3, batch: 6, learningRate: 0.03, evaluation: { examples: 4, every: 4 } },
    checkpoint: { every: 3, keep: 9 },
    ...changes,
  });
  if (recipe.stage !== "sft") throw new TypeError(recipe.stage);
  const options = { runDirectory: place(name), resume, json: false };
  await quietly(() => superviseFineTuning(recipe, options));
  return output;
}

const adapterOf = (output: string): Buffer => readFileSync(join(output, "adapter_model.safetensors"));

test("an adapter with dropout learns, recomputed or not the same, and is the same again when resumed", async () => {
  const live = liveTensors();
  const output = await fineTune("whole");
  assert.equal(liveTensors(), live);
  const losses = metricsOf(place("whole")).flatMap((one) => one["evaluation/loss"] ?? []);
  assert.ok((losses.at(-1) as number) < 0.9 * (losses[0] as number), `held-out loss ${losses.join(" → ")}`);
  const again = await fineTune("recomputed", { recomputeActivations: true });
  assert.deepEqual(adapterOf(again), adapterOf(output));
  const model = { path: base, device: "cpu", dtype: "float32", lora: { ...lora, dropout: 0 } };
  assert.notDeepEqual(
    adapterOf(await fineTune("undropped", { model })),
    adapterOf(output),
    "dropout matters",
  );

  await fineTune("parts");
  const { checkpoints } = runPaths(place("parts"));
  const later = readdirSync(checkpoints).filter((name) => Number(/\d+/.exec(name)?.[0]) > 6);
  assert.equal(later.length, 2);
  for (const name of later) rmSync(join(checkpoints, name), { recursive: true });
  rmSync(place("parts-tuned"), { recursive: true });
  assert.deepEqual(adapterOf(await fineTune("parts", {}, true)), adapterOf(output));
});

test("its folder generates, is trained further by reinforcement learning, and becomes one model or one file", async () => {
  const tuned = place("whole-tuned");
  const greedy = async (model: string): Promise<readonly number[]> => {
    const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, maxNewTokens: 8, seed: 0 };
    const prompt = { text: "2 + 1 = " };
    const request = {
      model,
      prompt,
      chat: false,
      sampling,
      samples: 1,
      dtype: "float32",
      device: "cpu",
    } as const;
    return (await generateCompletions(request))[0]?.tokenIds ?? assert.fail("nothing");
  };
  const own = await greedy(tuned);
  assert.notDeepEqual(own, await greedy(base));

  const model = { path: tuned, device: "cpu", lora: { ...lora, dropout: 0 } };
  const { status } = await runTrain(
    trainInput(base, { steps: 2 }, { model, evaluation: { questions: 2 } }),
    place("rl"),
  );
  assert.equal(status, "finished");
  assert.equal(metricsOf(place("rl"))[0]?.kl, 0, "the reference is the adapter that it began with");

  await convertModel(tuned, place("merged"));
  assert.deepEqual(await greedy(place("merged")), own);
  openModel(place("merged"), { dtype: "float32", device: "cpu" }).model.dispose();
  assert.ok(existsSync(join(place("merged"), "tokenizer.json")));
  await assert.rejects(convertModel(tuned, place("merged")), /found something there/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".partial")),
    [],
  );
});

test("an adapter is not written into a whole model's folder, which might be its base", async () => {
  const weights = readFileSync(join(base, "model.safetensors"));
  await assert.rejects(fineTune("into-base", { output: base }), /found a whole model in it/);
  assert.deepEqual(readFileSync(join(base, "model.safetensors")), weights);
  assert.ok(!existsSync(place("into-base")), "and that is known before training");
});
