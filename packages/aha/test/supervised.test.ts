/** Supervised fine-tuning: loss and gradients against transformers, isolation, learning, and resuming bit for bit. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AdamW, scope } from "@aha/torch";
import { namedParts } from "../src/models/decoder-weights.ts";
import { openDenseModel } from "../src/models/load-model.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import { rowLogProbabilities } from "../src/models/token-log-probabilities.ts";
import { parseRecipe } from "../src/recipe/define-recipe.ts";
import { runPaths } from "../src/run/run-directory.ts";
import { superviseFineTuning } from "../src/stages/supervised-fine-tuning.ts";
import type { LabelledSequence } from "../src/training/labelled-sequence.ts";
import { languageModelLoss, updateLanguageModel } from "../src/training/language-model-update.ts";
import { metricsOf, quietly, testFolder, tinyBase } from "./helpers/tiny-runs.ts";

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const frozen = JSON.parse(readFileSync(join(fixtures, "supervised.json"), "utf8")) as {
  readonly sequences: readonly LabelledSequence[];
  readonly models: Readonly<
    Record<string, { tokens: number; loss: number; gradientNorms: Record<string, number> }>
  >;
};

for (const [name, expected] of Object.entries(frozen.models)) {
  test(`${name}: loss and every gradient of the marked tokens equal transformers'`, () => {
    const { model } = openDenseModel(join(fixtures, name), { dtype: "float32", device: "cpu" });
    model.trainable();
    for (const tokensPerMicroBatch of [1_000, 6]) {
      const loss = languageModelLoss(model, frozen.sequences, tokensPerMicroBatch);
      assert.ok(Math.abs(loss - expected.loss) < 1e-5, `${loss}, expected ${expected.loss}`);
    }
    scope(() => {
      const batch = packSequences(frozen.sequences.map(({ tokenIds }) => tokenIds.slice(0, -1)));
      const rows: number[] = [];
      const targets: number[] = [];
      frozen.sequences.forEach(({ tokenIds, counted }, index) => {
        tokenIds.forEach((token, place) => {
          if (place === 0 || !counted?.[place]) return;
          rows.push((batch.starts[index] as number) + place - 1);
          targets.push(token);
        });
      });
      assert.equal(rows.length, expected.tokens);
      const { logProbabilities } = rowLogProbabilities(model, model.hidden(batch), rows, targets);
      logProbabilities.mean().neg().backward();
      for (const { name: weight, tensor, start, length } of namedParts(model.config, model.weights)) {
        const norm = tensor.grad?.narrow(0, start, length).norm().item() ?? Number.NaN;
        const wanted = expected.gradientNorms[weight] ?? Number.NaN;
        assert.ok(
          Math.abs(norm - wanted) <= 1e-4 * Math.max(1, wanted),
          `${weight}: ${norm}, expected ${wanted}`,
        );
      }
    });
    const optimizer = new AdamW(model.parameters(), { learningRate: 0 });
    const settings = { learningRate: 0, maxGradientNorm: 1, tokensPerMicroBatch: 1_000 };
    for (const parameter of model.parameters()) parameter.grad = null;
    const updated = updateLanguageModel(model, optimizer, frozen.sequences, settings);
    const total = Math.hypot(...Object.values(expected.gradientNorms));
    assert.ok(
      Math.abs(updated.gradientNorm - total) < 1e-4 * total,
      `${updated.gradientNorm}, expected ${total}`,
    );
    assert.equal(updated.tokens, expected.tokens);
    optimizer.dispose();
    model.dispose();
  });
}

test("sequences of one batch do not see each other: alone or packed, the same loss", () => {
  const { model } = openDenseModel(join(fixtures, "qwen3"), { dtype: "float32", device: "cpu" });
  const sums = frozen.sequences.map((sequence) => {
    const tokens = (sequence.counted ?? []).filter((one, index) => one && index > 0).length;
    return languageModelLoss(model, [sequence], 1_000) * tokens;
  });
  const packed = languageModelLoss(model, frozen.sequences, 1_000);
  const counted = frozen.models.qwen3?.tokens ?? Number.NaN;
  const alone = sums.reduce((a, b) => a + b, 0) / counted;
  assert.ok(Math.abs(packed - alone) < 1e-6, `${packed} packed, ${alone} alone`);
  model.dispose();
});

const rows = Array.from({ length: 24 }, (_, index) => ({
  prompt: `${index % 5} + 1 = `,
  completion: ` ${(index % 5) + 1}`,
}));

function weightsHash(folder: string): string {
  return createHash("sha256")
    .update(readFileSync(join(folder, "model.safetensors")))
    .digest("hex");
}

async function fineTune(
  base: string,
  folder: string,
  changes: Readonly<Record<string, unknown>> = {},
  resume = false,
): Promise<{ readonly output: string; readonly said: string; readonly steps: number }> {
  const output = join(folder, "tuned");
  const recipe = parseRecipe({
    ...{ stage: "sft", name: "tiny-sft", seed: 5, threads: 1, output },
    model: { path: base, device: "cpu", dtype: "float32" },
    data: { name: "sums", rows },
    ...{ epochs: 3, batch: 6, learningRate: 0.01, evaluation: { examples: 4, every: 4 } },
    checkpoint: { every: 3 },
    ...changes,
  });
  if (recipe.stage !== "sft") throw new TypeError(recipe.stage);
  const options = { runDirectory: join(folder, "run"), resume, json: false };
  const { said, steps } = await quietly(() => superviseFineTuning(recipe, options));
  return { output, said, steps };
}

test("it learns what is marked, says what it left out, and ends the cosine at a tenth", async () => {
  const folder = testFolder("sft");
  const base = await tinyBase(folder);
  const data = { name: "sums", rows: [...rows, { prompt: "1 ".repeat(200), completion: "2" }] };
  const { said, steps } = await fineTune(base, folder, { data });
  assert.equal(steps, 3 * 4, "20 examples in batches of 6, three times over");
  assert.match(said, /20 examples \(\d+ tokens\), 4 held out; 12 steps; 1 overlong ones left out/);
  const metrics = metricsOf(join(folder, "run"));
  const losses = metrics.flatMap((one) => one["evaluation/loss"] ?? []);
  assert.equal(losses.length, 3);
  assert.ok((losses[2] as number) < 0.7 * (losses[0] as number), `held-out loss ${losses.join(" → ")}`);
  const rate = metrics.at(-1)?.learning_rate as number;
  assert.ok(rate < 0.002 && rate >= 0.001, `the last learning rate is ${rate}`);
});

test("stopped and resumed, it is the same run to the bit", async () => {
  const folder = testFolder("sft-resume");
  const base = await tinyBase(folder);
  const whole = await fineTune(base, join(folder, "whole"));
  // A checkpoint of step 6 is what a kill would have left.
  await fineTune(base, join(folder, "parts"), { checkpoint: { every: 3, keep: 9 } });
  const { checkpoints } = runPaths(join(folder, "parts/run"));
  const later = readdirSync(checkpoints).filter((name) => Number(/\d+/.exec(name)?.[0]) > 6);
  assert.equal(later.length, 2);
  for (const name of later) rmSync(join(checkpoints, name), { recursive: true });
  rmSync(join(folder, "parts/tuned"), { recursive: true });
  const resumed = await fineTune(base, join(folder, "parts"), { checkpoint: { every: 3, keep: 9 } }, true);
  assert.equal(weightsHash(resumed.output), weightsHash(whole.output));
});

test("a set with nothing to learn from is refused before anything is written", async () => {
  const folder = testFolder("sft-empty");
  const base = await tinyBase(folder);
  const none = { data: { name: "few", rows: rows.slice(0, 3) } };
  await assert.rejects(fineTune(base, folder, none), /nothing remains to train on: 3 examples are held out/);
  writeFileSync(join(folder, "wrong.jsonl"), '{"question": "a"}\n');
  await assert.rejects(
    fineTune(base, folder, { data: join(folder, "wrong.jsonl") }),
    /wrong\.jsonl.*expected columns text, messages/s,
  );
});
