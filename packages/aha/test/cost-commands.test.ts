/** `aha cost`, `aha plan` and `aha analyze` as they are typed: what they print, and how wrong use ends. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runCommandLine } from "../src/cli/program.ts";
import { work } from "../src/cli/work.ts";
import { RolloutWriter, stepName } from "../src/run/rollout-files.ts";
import { readStepRollouts, runPaths } from "../src/run/run-directory.ts";
import type { RolloutRecord } from "../src/run/run-records.ts";
import { compareShots, withExamples } from "../src/tools/compare-shots.ts";
import { runTrain, testFolder, tinyBase, trainInput, trainRecipe } from "./helpers/tiny-runs.ts";

const folder = testFolder("cost-commands");
const base = await tinyBase(folder);
const run = join(folder, "runs", "tiny");
const trained = await runTrain(trainInput(base, { steps: 12 }), run);

/** Runs a command line in this process; returns its exit code with what it printed. */
async function aha(...argv: string[]): Promise<{ code: number; out: string; errors: string }> {
  const { write } = process.stdout;
  let [out, errors] = ["", ""];
  process.stdout.write = (text: string | Uint8Array) => {
    // Bytes are the test runner's own.
    if (typeof text !== "string") return write.call(process.stdout, text);
    out += text;
    return true;
  };
  try {
    const writeError = (text: string): void => {
      errors += text;
    };
    const code = await runCommandLine(work, { argv, debug: false, writeError });
    return { code, out, errors };
  } finally {
    process.stdout.write = write;
  }
}

test("aha cost: a table with its sum and phases, JSON, Markdown, another price", async () => {
  const table = await aha("cost", run);
  assert.equal(table.code, 0);
  assert.match(table.out, /tiny \(rl\) +finished +12 +1 cpu/);
  assert.match(table.out, /\ntotal /);
  for (const phase of ["rollout", "train", "reference", "evaluation", "setup"])
    assert.match(table.out, new RegExp(`\n${phase} +\\S+ +\\S+ %`));
  const json = JSON.parse((await aha("cost", join(folder, "runs"), "--json", "--price", "7200")).out);
  assert.equal(json.runs.length, 1);
  assert.ok(Math.abs(json.total.dollars / (json.total.device_hours * 7200) - 1) < 1e-9);
  assert.ok(json.runs[0].flops > 0 && json.runs[0].sampled_tokens > 0);
  assert.match((await aha("cost", run, "--markdown")).out, /^\| stage \| .*\n\|---\|---:/);
  const nothing = await aha("cost", join(folder, "nothing"));
  assert.deepEqual([nothing.code, /holds no run/.test(nothing.errors)], [1, true]);
});

test("aha plan: on data sheets with all it assumes, and on this machine by a probe", async () => {
  const recipe = join(folder, "recipe.json");
  const fields = {
    ...{ stage: "rl", name: "tiny", threads: 1, model: { path: base, device: "cpu" } },
    task: { name: "countdown" },
    rl: { steps: 5, questionsPerStep: 2, groupSize: 2, maxNewTokens: 12 },
    cost: { expect: { promptTokens: 8, completionTokens: { start: 4, end: 8 } } },
  };
  writeFileSync(recipe, JSON.stringify(fields));
  const sheet = await aha("plan", recipe, "--cluster", "2x8xH100", "--assume", "goodput=0.5");
  assert.equal(sheet.code, 0, sheet.errors);
  assert.match(sheet.out, /^On 2x8xH100: 16 devices at \$2\.50 an hour/);
  assert.match(sheet.out, /- goodput 0\.5 of the time: /);
  assert.match(sheet.out, /were it otherwise/);
  assert.match(sheet.out, /weights .*optimiser/);
  const here = JSON.parse((await aha("plan", recipe, "--json")).out);
  assert.equal(here.cluster, "this machine");
  const [plan] = here.runs;
  assert.ok(plan.phases.rollout > 0 && plan.phases.train > 0 && plan.phases.reference > 0);
  assert.equal(plan.phases.lost + plan.phases.switching, 0);
  assert.ok(Math.abs(plan.hours * 3600 - 5 * plan.stepSeconds.mean) < 1e-9);
  const unknown = await aha("plan", recipe, "--cluster", "8xH10000");
  assert.deepEqual([unknown.code, /no device is called "H10000"/.test(unknown.errors)], [1, true]);
});

test("aha analyze: verdict and tables, JSON, one's own words", async () => {
  const text = await aha("analyze", run);
  assert.equal(text.code, 0, text.errors);
  assert.match(text.out, /^Reflection (no take-off|takes off)/);
  assert.match(text.out, /\nsteps +accuracy +tokens/);
  const json = JSON.parse((await aha("analyze", run, "--json", "--words", "wait", "--every", "2")).out);
  assert.equal(json.steps.length, 6);
  assert.deepEqual(Object.keys(json.steps[0].words), ["wait"]);
  assert.equal(json.shots, null);
  const alone = await aha("analyze", run, "--shots", "0,1");
  assert.deepEqual([alone.code, /--shots needs the run's recipe/.test(alone.errors)], [2, true]);
});

test("examples before the question: none is the run's own evaluation, more come from its right answers", async () => {
  const recipe = trainRecipe(trainInput(base, { steps: 12 }));
  const [row] = await compareShots({ run, recipe, shots: [0], questions: 8 });
  assert.equal(row?.accuracy, trained.summary?.after.accuracy);
  assert.equal(row?.tokens, trained.summary?.after.mean_length);
  assert.ok(row !== undefined && row.low <= row.accuracy && row.accuracy <= row.high);
  // A right answer to one question of the last step, made up.
  const [record] = readStepRollouts(run, 12);
  const right = { value: 1, outcome: "correct" } as const;
  const made = {
    ...(record as RolloutRecord),
    step: 13,
    finish: "stop",
    breakdown: { accuracy: right },
  } as const;
  const writer = new RolloutWriter(join(runPaths(run).rollouts, `${stepName(13)}.jsonl`));
  writer.append(made);
  writer.close();
  const rows = await compareShots({ run, recipe, shots: [0, 1], questions: 8 });
  assert.deepEqual(rows[0], row);
  assert.equal(rows[1]?.shots, 1);
  await assert.rejects(
    compareShots({ run, recipe, shots: [2], questions: 8 }),
    /2 examples were asked for, but .* 1 questions only/,
  );
});

test("examples stand before the question, as text or as turns", () => {
  const example = (prompt: string | readonly { role: "user"; content: string }[]) => ({
    prompt,
    completion: " 2",
    tokens: 1,
  });
  const question = { id: "q", prompt: "2 + 2 is", columns: {} };
  assert.equal(withExamples(question, []), question);
  assert.equal(withExamples(question, [example("1 + 1 is")]).prompt, "1 + 1 is 2\n2 + 2 is");
  const user = (content: string) => ({ role: "user" as const, content });
  assert.deepEqual(withExamples({ ...question, prompt: [user("b")] }, [example([user("a")])]).prompt, [
    user("a"),
    { role: "assistant", content: " 2" },
    user("b"),
  ]);
});
