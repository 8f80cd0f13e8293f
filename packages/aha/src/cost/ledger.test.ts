/** The ledger across interruptions and kills: everything spent counts, and counts once. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type LedgerLine, ledgerTotals, readLedger } from "./ledger.ts";
import { noWork } from "./phase-work.ts";
import { runCost } from "./run-cost.ts";
import { costSummary, RunMeter } from "./run-meter.ts";

const folder = mkdtempSync(join(tmpdir(), "aha-ledger-"));
after(() => rmSync(folder, { recursive: true }));

/** A meter over a clock that the test sets. */
function meterAt(path: string, step: number, started: number) {
  const clock = { seconds: started };
  const options = { recipe: "r", stage: "rl", device: "cuda:0", devices: 8, price: 2 };
  const meter = new RunMeter({ path, step, started, now: () => clock.seconds, ...options });
  return { meter, clock };
}

const sampled = (tokens: number, flops: number) => ({ ...noWork, sampledTokens: tokens, flops });

test("a step's seconds are its phases and the rest of the clock's", () => {
  const path = join(folder, "one.jsonl");
  const { meter, clock } = meterAt(path, 0, 100);
  clock.seconds = 110;
  meter.count("rollout", sampled(50, 7));
  meter.settle(0, { "time/rollout": 6 });
  clock.seconds = 120;
  meter.count("rollout", sampled(10, 5));
  meter.count("rollout", sampled(10, 5));
  meter.count("evaluation", sampled(1000, 1000));
  const metrics = meter.settle(1, { "time/rollout": 7, "time/train": 2 });
  meter.close();
  assert.deepEqual(metrics, {
    "cost/device_hours": (20 * 8) / 3600,
    "cost/dollars": (20 * 8 * 2) / 3600,
    "cost/flops": 10, // an evaluation is no part of a step
    "cost/prompt_tokens": 0,
    "cost/sampled_tokens": 20,
    "cost/trained_tokens": 0,
  });
  const totals = ledgerTotals(readLedger(path));
  const seconds = Object.fromEntries([...(totals?.phases ?? [])].map(([name, one]) => [name, one.seconds]));
  assert.deepEqual(seconds, { rollout: 13, setup: 4, train: 2, other: 1, evaluation: 0 });
  const summary = costSummary(readLedger(path));
  assert.equal(summary.sampled_tokens, 1070);
  assert.deepEqual(summary.phases.train, { device_hours: 16 / 3600, flops: 0 });
});

test("a killed run goes on: its lost steps stay spent, are named, and nothing counts twice", () => {
  const path = join(folder, "killed.jsonl");
  const first = meterAt(path, 0, 0);
  for (let step = 1; step <= 5; step++) {
    first.clock.seconds = step * 36;
    first.meter.settle(step, { "time/train": 36 });
  }
  first.meter.close(); // as a kill would: the checkpoint was at step 3
  const second = meterAt(path, 3, 5000);
  for (let step = 4; step <= 6; step++) {
    second.clock.seconds = 5000 + (step - 3) * 36;
    second.meter.settle(step, { "time/train": 36 });
  }
  assert.equal(second.meter.summary().device_hours.toFixed(6), ((8 * 8 * 36) / 3600).toFixed(6));
  second.meter.close();
  const totals = ledgerTotals(readLedger(path));
  assert.equal(totals?.processes, 2);
  assert.equal(totals?.step, 6);
  assert.equal(totals?.deviceHours.toFixed(6), "0.640000"); // 8 steps of 36 s on 8 devices
  assert.equal(totals?.repeatedDeviceHours.toFixed(6), "0.160000"); // steps 4 and 5, the first time
  assert.equal(totals?.dollars.toFixed(6), "1.280000");
  // A third process that goes on from the same checkpoint loses what the second made.
  const third = meterAt(path, 3, 9000);
  third.meter.close();
  assert.equal(ledgerTotals(readLedger(path))?.repeatedDeviceHours.toFixed(6), "0.400000");
});

test("each process's hours at its own price and number of devices", () => {
  const open = { type: "open", time: 0, step: 0, recipe: "r", stage: "rl", device: "cuda:0" } as const;
  const spent = { type: "spent", time: 0, step: 1, seconds: { train: 3600 }, work: {} } as const;
  const lines: LedgerLine[] = [
    { ...open, devices: 1, price: 2 },
    spent,
    { ...open, step: 1, devices: 4, price: 3 },
    { ...spent, step: 2 },
  ];
  const totals = ledgerTotals(lines);
  assert.deepEqual([totals?.deviceHours, totals?.dollars], [5, 14]);
  assert.equal(ledgerTotals([]), null);
});

test("a line that a kill tore is cut off, and the ledger goes on whole", () => {
  const path = join(folder, "torn.jsonl");
  const first = meterAt(path, 0, 0);
  first.clock.seconds = 36;
  first.meter.settle(1, { "time/train": 36 });
  first.meter.close();
  appendFileSync(path, '{"type":"spent","step":2,"sec');
  const second = meterAt(path, 1, 100);
  second.clock.seconds = 136;
  second.meter.settle(2, { "time/train": 36 });
  second.meter.close();
  const totals = ledgerTotals(readLedger(path));
  assert.deepEqual([totals?.processes, totals?.step], [2, 2]);
  assert.equal(totals?.deviceHours.toFixed(6), "0.160000");
});

test("a stage without events tells in its ledger how it ended", () => {
  const run = join(folder, "curated");
  const first = meterAt(join(run, "cost.jsonl"), 0, 0);
  first.clock.seconds = 3600;
  first.meter.settle(0, { "time/rollout": 3600 });
  assert.equal(runCost(run).status, "killed"); // no process holds its lock
  first.meter.end("finished");
  first.meter.close();
  const { status, stage, deviceHours } = runCost(run);
  assert.deepEqual([status, stage, deviceHours], ["finished", "rl", 8]);
});

test("a folder without a run is named", () => {
  assert.throws(() => runCost(folder), /holds no run: expected events\.jsonl/);
});
