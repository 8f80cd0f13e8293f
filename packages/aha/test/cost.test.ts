/** Metering of whole runs: what the ledger, the metrics, the summary and `aha cost` say of the same run. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { costJson } from "../src/cost/cost-table.ts";
import { ledgerTotals, readLedger } from "../src/cost/ledger.ts";
import { runCost, runsIn } from "../src/cost/run-cost.ts";
import { readRollouts } from "../src/run/rollout-files.ts";
import { readStepRollouts, runPaths } from "../src/run/run-directory.ts";
import { takeRunLock } from "../src/run/run-lock.ts";
import type { RunSummary } from "../src/run/run-records.ts";
import { metricsOf, runTrain, testFolder, tinyBase, trainInput } from "./helpers/tiny-runs.ts";

const folder = testFolder("cost");
const base = await tinyBase(folder);
const run = join(folder, "runs", "metered");
await runTrain(trainInput(base, { steps: 2 }), run);
const before = runCost(run);
await runTrain(trainInput(base, { steps: 4 }), run, true);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test("tokens are those of the rollouts, on both sides of a resumption", () => {
  const metrics = metricsOf(run);
  assert.equal(metrics.length, 4);
  for (const [index, one] of metrics.entries()) {
    const rollouts = [...readStepRollouts(run, index + 1)];
    const tokens = sum(rollouts.map(({ tokenIds }) => tokenIds.length));
    assert.equal(one["cost/sampled_tokens"], tokens);
    assert.equal(one["cost/trained_tokens"], tokens);
    const prompts = new Map(
      rollouts.map(({ question, promptTokenIds }) => [question, promptTokenIds.length]),
    );
    assert.equal(one["cost/prompt_tokens"], sum([...prompts.values()]));
    assert.ok((one["cost/flops"] ?? 0) > 0);
  }
  const totals = ledgerTotals(readLedger(runPaths(run).costs));
  assert.equal(
    totals?.phases.get("rollout")?.sampledTokens,
    sum(metrics.map((one) => one["cost/sampled_tokens"] ?? 0)),
  );
  assert.equal(totals?.phases.get("train")?.flops !== undefined, true);
  // Evaluations: before, and after each of the two processes; the first's file was written over.
  const after = sum(
    [...readRollouts(join(runPaths(run).evaluations, "after.jsonl"))].map(({ tokenIds }) => tokenIds.length),
  );
  assert.ok((totals?.phases.get("evaluation")?.sampledTokens ?? 0) > after);
});

/** Sums in another order differ in their last digits. */
function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * expected, `${actual}, expected ${expected}`);
}

test("hours grow across the resumption, in the metrics as in the summary", () => {
  const hours = metricsOf(run).map((one) => one["cost/device_hours"] ?? Number.NaN);
  assert.ok(hours.every((value, index) => index === 0 || value > (hours[index - 1] as number)));
  assert.ok((hours[2] as number) >= before.deviceHours, "the second process adds to the first's");
  const summary: RunSummary = JSON.parse(readFileSync(runPaths(run).summary, "utf8"));
  const found = runCost(run);
  assert.equal(found.processes, 2);
  assert.equal(found.repeatedDeviceHours, 0);
  assert.equal(summary.cost?.device_hours, found.deviceHours);
  near(found.dollars, found.deviceHours * 0.1);
  const phases = Object.values(summary.cost?.phases ?? {}).map((one) => one.device_hours);
  near(sum(phases), found.deviceHours);
});

test("a folder of runs is the runs in it, and --price takes the place of the recipe's", () => {
  assert.deepEqual(runsIn(join(folder, "runs")), [run]);
  const json = costJson(runsIn(join(folder, "runs")).map((one) => runCost(one, 3600)));
  assert.equal(json.runs[0]?.stage, "rl");
  near(json.total.dollars, json.total.device_hours * 3600);
});

test("a run that ended without a word was killed, unless its process is still at it", () => {
  const dead = join(folder, "dead");
  cpSync(run, dead, { recursive: true });
  const { events, lock } = runPaths(dead);
  const kept = readFileSync(events, "utf8")
    .split("\n")
    .filter((line) => !line.includes('"type":"finish"'));
  writeFileSync(events, kept.join("\n"));
  assert.equal(runCost(dead).status, "killed");
  const held = takeRunLock(lock);
  assert.equal(runCost(dead).status, "running");
  held.release();
  assert.equal(runCost(run).status, "finished");
});

test("a run of a version without a ledger is read from its events", () => {
  const old = join(folder, "old");
  cpSync(run, old, { recursive: true });
  rmSync(runPaths(old).costs);
  const found = runCost(old);
  assert.deepEqual([found.metered, found.processes, found.steps], [false, 2, 4]);
  // Work before the first step and after the last has no phase there, and what passed between two processes is unknown.
  assert.ok(found.deviceHours > 0);
  const sampled = sum([...found.phases.values()].map((phase) => phase.sampledTokens));
  assert.equal(sampled, sum(metricsOf(run).map((one) => one["cost/sampled_tokens"] ?? 0)));
});
