/** A whole pipeline with its real stages on a tiny model: pretraining, RL, cold start, fine-tuning, measurement; in two goes. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Measurement } from "../src/pipeline/measure-model.ts";
import { runPipeline } from "../src/pipeline/run-pipeline.ts";
import { stageRunners } from "../src/pipeline/stage-runners.ts";
import { defineCuration } from "../src/recipe/define-curation.ts";
import { definePipeline } from "../src/recipe/define-pipeline.ts";
import { defineRecipe } from "../src/recipe/define-recipe.ts";
import { worldChat } from "../src/world/chat.ts";
import { worldGeneral } from "../src/world/general-task.ts";
import { worldRewriter } from "../src/world/rewriter.ts";
import { world } from "../src/world/task.ts";
import { worldText } from "../src/world/text.ts";
import { bilingualTokenizer } from "../src/world/vocabulary.ts";

const folder = mkdtempSync(join(tmpdir(), "aha-whole-pipeline-"));
after(() => rmSync(folder, { recursive: true }));
const place = (name: string): string => join(folder, name);

const pipeline = definePipeline({
  name: "tiny",
  stages: [
    {
      recipe: defineRecipe({
        ...{
          stage: "pretrain",
          name: "base",
          seed: 1,
          threads: 1,
          corpus: worldText(),
          tokenizer: bilingualTokenizer(),
        },
        model: {
          hiddenSize: 16,
          layers: 1,
          heads: 2,
          keyValueHeads: 2,
          intermediateSize: 16,
          maxPositions: 96,
          dtype: "float32",
        },
        ...{
          tokens: 2_560,
          sequenceLength: 64,
          batch: 10,
          evaluation: { sequences: 2 },
          output: place("base"),
        },
      }),
    },
    {
      recipe: defineRecipe({
        ...{ stage: "rl", name: "zero", seed: 1, threads: 1, model: { path: place("base") } },
        task: world({ train: 8, heldOut: 4 }),
        rl: { steps: 2, questionsPerStep: 2, groupSize: 2, maxNewTokens: 8, klCoefficient: 0 },
        ...{ evaluation: { questions: 2 }, preflight: { enabled: false } },
      }),
      output: place("zero"),
    },
    {
      curation: defineCuration({
        ...{ stage: "cold-start", name: "cold", seed: 1, threads: 1, model: { path: place("zero") } },
        task: world({ train: 6, heldOut: 4 }),
        sampling: { samplesPerQuestion: 2, maxNewTokens: 8 },
        rewriter: worldRewriter(),
        ...{ mixIn: [{ domain: "general", data: worldChat(12) }], output: place("cold") },
      }),
    },
    {
      recipe: defineRecipe({
        ...{ stage: "sft", name: "dev1", seed: 1, threads: 1, model: { path: place("base") } },
        ...{ data: join(place("cold"), "train.jsonl"), epochs: 1, batch: 4, evaluation: { examples: 2 } },
        output: place("dev1"),
      }),
    },
    {
      ...{ measure: "Dev1", model: place("dev1") },
      suites: [
        {
          name: "world",
          task: world({ form: "summary", train: 1, heldOut: 3 }),
          samples: 2,
          maxNewTokens: 8,
        },
        { name: "general", task: worldGeneral(), questions: 2, samples: 2, maxNewTokens: 8 },
      ],
    },
  ],
});

test("the stages hand their models and data on; a second start goes on where the first ended", async () => {
  const runDirectory = place("run");
  const first = await runPipeline(pipeline, { runDirectory, until: "cold" }, stageRunners);
  assert.equal(first.status, "finished");
  assert.ok(!existsSync(place("dev1")));
  const made = statSync(join(place("base"), "model.safetensors")).mtimeMs;
  const second = await runPipeline(pipeline, { runDirectory }, stageRunners);
  assert.equal(second.status, "finished");
  assert.equal(
    statSync(join(place("base"), "model.safetensors")).mtimeMs,
    made,
    "the base was not made again",
  );
  assert.ok(!existsSync(join(place("zero"), "optimizer.safetensors")));
  const rows = readFileSync(join(place("cold"), "train.jsonl"), "utf8")
    .trim()
    .split("\n");
  assert.ok(rows.length >= 12);
  const file = join(runDirectory, "measure-dev1", "measurement.json");
  const { suites } = JSON.parse(readFileSync(file, "utf8")) as Measurement;
  assert.deepEqual(
    suites.map(({ suite, questions }) => [suite, questions]),
    [
      ["world", 3],
      ["general", 2],
    ],
  );
  assert.match(second.table ?? "", /\| world: pass@1 \|/);
  assert.match(readFileSync(join(runDirectory, "stages.md"), "utf8"), /\| {2}\| Dev1 \|/);
});
