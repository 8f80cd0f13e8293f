/** Pretraining from the outside: it learns, its folder opens, it resumes bit for bit, and bad input is told apart. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { liveTensors, scope } from "@aha/torch";
import { openModel, openTokenizer } from "../src/models/load-model.ts";
import { countdownText } from "../src/stages/registries.ts";
import { installFileFault } from "./helpers/file-faults.ts";
import {
  eventsOf,
  metricsOf,
  outcomeOf,
  pretrainInput,
  runPretrain,
  testFolder,
} from "./helpers/tiny-runs.ts";

const folder = testFolder("pretrain");
const place = (name: string): string => join(folder, name);
const weightsOf = (model: string): Buffer => readFileSync(join(model, "model.safetensors"));

/** The Countdown corpus, noting which documents were asked for; `onDocument` may interrupt. */
function watchedCorpus(taken: string[], onDocument: (count: number) => void = () => undefined) {
  return {
    name: "watched",
    *documents(seed: number) {
      for (const text of countdownText().documents(seed)) {
        if (seed === 1) {
          taken.push(text);
          onDocument(taken.length);
        }
        yield text;
      }
    },
  };
}

test("pretraining lowers the loss, writes a folder that opens, and leaves no tensor behind", async () => {
  const before = liveTensors();
  const { status, steps, said } = await runPretrain(pretrainInput(place("whole")), place("whole-run"));
  assert.deepEqual([status, steps], ["finished", 20]);
  assert.equal(liveTensors(), before);
  const metrics = metricsOf(place("whole-run"));
  const [first, last] = [metrics[0]?.loss ?? 0, metrics.at(-1)?.loss ?? 0];
  assert.ok(Math.abs(first - Math.log(384)) < 1, `an untrained model guesses: ${first}`);
  assert.ok(last < 0.7 * first, `${first} → ${last}`);
  assert.ok((metrics.at(-1)?.["evaluation/loss"] ?? 9) < 0.7 * first);
  assert.match(said, /sha256 of its weights: [0-9a-f]{64}/);
  for (const name of [
    "grad_norm",
    "learning_rate",
    "num_tokens",
    "step_time",
    "tokens_per_second/train",
    "time/train",
  ]) {
    assert.ok(
      metrics.every((one) => Number.isFinite(one[name])),
      name,
    );
  }

  const { model, generation } = openModel(place("whole"), { dtype: "auto", device: "cpu" });
  const tokenizer = openTokenizer(place("whole"), model.config);
  assert.equal(model.config.vocabularySize, tokenizer.vocabularySize);
  assert.deepEqual(generation.eosTokenIds, [tokenizer.eosTokenId]);
  assert.match(readFileSync(join(place("whole"), "README.md"), "utf8"), /seed 1\n- \d+ predicted tokens/);
  scope(() => assert.ok(model.parameters().every((one) => Number.isFinite(one.abs().sum().item()))));
  model.dispose();
});

test("N + N steps equal 2N bit for bit, and no document comes twice", async () => {
  const [whole, halved] = [place("2n"), place("n-n")];
  const straight: string[] = [];
  await runPretrain(pretrainInput(place("2n-model"), { corpus: watchedCorpus(straight) }), whole);

  const first: string[] = [];
  const stopAt = Math.floor(straight.length / 2);
  const corpus = (taken: string[], stop: boolean) =>
    watchedCorpus(taken, (count) => {
      if (stop && count === stopAt) process.emit("SIGINT");
    });
  const input = (taken: string[], stop: boolean) =>
    pretrainInput(place("n-n-model"), { corpus: corpus(taken, stop), checkpoint: { every: 3 } });
  const stopped = await runPretrain(input(first, true), halved);
  assert.equal(stopped.status, "interrupted");
  assert.ok(stopped.steps > 5 && stopped.steps < 15, `stopped after ${stopped.steps}`);
  assert.equal(existsSync(place("n-n-model")), false, "an interrupted run writes no finished model");

  const second: string[] = [];
  const resumed = await runPretrain(input(second, false), halved, true);
  assert.deepEqual([resumed.status, resumed.steps], ["finished", 20]);
  assert.ok(weightsOf(place("n-n-model")).equals(weightsOf(place("2n-model"))));
  const { weights, events } = outcomeOf(halved);
  assert.deepEqual(weights, outcomeOf(whole).weights);
  assert.deepEqual(events, outcomeOf(whole).events);
  assert.deepEqual(second, straight, "the stream is passed over, and goes on to the same end");
});

test("a disk that fills up loses nothing: neither at a checkpoint, nor at the finished model", async () => {
  const changes = { checkpoint: { every: 5 } };
  const [run, model] = [place("full-run"), place("full-model")];
  for (const [pattern, below, resume] of [
    [/^writeSync checkpoints\/.*step-000010.*optimizer/, run, false],
    [/^writeSync model\.safetensors/, model, true],
  ] as const) {
    const makeRoom = installFileFault({ folder: below, pattern, count: 1, kind: "full" });
    await assert.rejects(
      runPretrain(pretrainInput(model, changes), run, resume).finally(makeRoom),
      /no space left on the device.*Nothing is lost: .*--resume/,
    );
  }
  await runPretrain(pretrainInput(model, changes), run, true);
  await runPretrain(pretrainInput(place("roomy"), changes), place("roomy-run"));
  assert.ok(weightsOf(model).equals(weightsOf(place("roomy"))));
  assert.deepEqual(outcomeOf(run), outcomeOf(place("roomy-run")));
});

test("a budget that a finite corpus cannot fill ends with the corpus", async () => {
  const corpus = { name: "short", documents: () => ["User: Make 3", " 1 + 2 = 3", "User: Make 4"] };
  const { status, steps } = await runPretrain(pretrainInput(place("short"), { corpus }), place("short-run"));
  assert.deepEqual([status, steps], ["finished", 1]);
  assert.ok(existsSync(join(place("short"), "model.safetensors")));
});

test("bfloat16 trains too, with float32 masters", async () => {
  const model = { ...(pretrainInput("").model as object), dtype: "bfloat16" };
  await runPretrain(pretrainInput(place("bf16"), { model }), place("bf16-run"));
  const metrics = metricsOf(place("bf16-run"));
  assert.ok((metrics.at(-1)?.loss ?? 9) < 0.7 * (metrics[0]?.loss ?? 0));
  assert.match(readFileSync(join(place("bf16"), "config.json"), "utf8"), /"(torch_)?dtype": "bfloat16"/);
});

test("bad input is refused with its place and a remedy, and does not block the next start", async () => {
  const run = place("refused");
  const file = place("a-file");
  writeFileSync(file, "");
  const cases: Array<[Record<string, unknown>, RegExp]> = [
    [{ output: file }, /output: .*a-file is a file; name a folder/],
    [
      { corpus: { name: "cuontdown" } },
      /corpus\.name: nothing is called "cuontdown"; did you mean "countdown"/,
    ],
    [{ tokenizer: { name: "wrold" } }, /tokenizer\.name: nothing is called "wrold"; did you mean "world"/],
    [{ tokenizer: place("no-tokenizer") }, /no-tokenizer.*tokenizer\.json/],
    [{ model: { ...(pretrainInput("").model as object), heads: 5 } }, /model\.heads: .*nearest: 4/],
    [{ model: { ...(pretrainInput("").model as object), dtype: "float8" } }, /model\.dtype: .*bfloat16/],
    [{ sequenceLength: 97 }, /sequenceLength: 97 is more than model\.maxPositions \(96\)/],
    [{ learningRat: 1 }, /learningRat.*did you mean "learningRate"/],
  ];
  for (const [changes, expected] of cases) {
    const input = pretrainInput(place("refused-model"), changes);
    await assert.rejects(async () => runPretrain(input, run), expected);
    assert.equal(existsSync(run), false, `${expected} left a run directory`);
  }
  await runPretrain(pretrainInput(place("refused-model"), { tokens: 512 }), run);
  assert.equal(eventsOf(run).at(-1)?.type, "finish");
});

test("a run directory that is in use, or not a run's, is not touched", async () => {
  const input = pretrainInput(place("again"));
  await assert.rejects(runPretrain(input, place("whole-run")), /already holds a run.*--resume/);
  const theirs = place("theirs");
  mkdirSync(join(theirs, "checkpoints"), { recursive: true });
  await assert.rejects(runPretrain(input, theirs), /no recipe\.json: no run of ours/);
  assert.ok(existsSync(join(theirs, "checkpoints")));
  await assert.rejects(runPretrain(input, place("nowhere"), true), /holds no run to resume/);
});
