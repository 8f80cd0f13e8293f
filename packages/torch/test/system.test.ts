/** Threads, versions, memory, and the addon in worker threads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  buildInfo,
  cudaDevices,
  operatorNames,
  peakResidentMemory,
  scope,
  setDeterministic,
  setThreads,
  synchronize,
  tensor,
  threads,
  torch,
  version,
} from "../src/index.ts";

test("threads can be set, not below one", () => {
  const before = threads();
  setThreads(1);
  assert.equal(threads(), 1);
  setThreads(before);
  assert.equal(threads(), before);
  assert.throws(() => setThreads(0), /threads: expected at least 1, got 0/);
  assert.throws(() => setThreads(1.5), /whole number/);
});

test("version and build", () => {
  assert.match(version(), /^\d+\.\d+\.\d+/);
  assert.ok(buildInfo().length > 100);
  assert.ok(cudaDevices() >= 0);
  synchronize();
});

test("deterministic kernels can be asked for", () => {
  setDeterministic(true);
  try {
    scope(() => assert.equal(torch.ones([3]).cumsum(0).get(2).item(), 3));
  } finally {
    setDeterministic(false);
  }
});

test("operators are listed by prefix", () => {
  const names = operatorNames("aten::softmax");
  assert.ok(names.includes("aten::softmax.int"));
  assert.deepEqual(names, [...names].sort());
  assert.ok(operatorNames("aha::").length > 5);
  assert.deepEqual(operatorNames("nothing::"), []);
});

test("peak memory holds what was used", () => {
  scope(() =>
    torch
      .ones([8 << 20])
      .sum()
      .item(),
  );
  assert.ok(peakResidentMemory() >= 32 << 20);
});

test("printing", () => {
  scope(() => assert.match(tensor([1.5]).describe(), /^float32 \[1\]$/));
});

test("a worker thread has tensors of its own", { timeout: 60_000 }, async () => {
  const entry = new URL("../src/index.ts", import.meta.url).href;
  const source = `
    const { parentPort } = require("node:worker_threads");
    import("tsx/esm/api").then(({ tsImport }) => tsImport(${JSON.stringify(entry)}, ${JSON.stringify(import.meta.url)})).then((torch) => {
      const value = torch.scope(() => torch.torch.ones([3, 5]).sum().item());
      parentPort.postMessage([value, torch.liveTensors()]);
    });`;
  for (let round = 0; round < 2; round++) {
    const outer = torch.ones([2]);
    const answer = await new Promise((resolve, reject) => {
      const worker = new Worker(source, { eval: true });
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    assert.deepEqual(answer, [15, 0]);
    assert.equal(outer.sum().item(), 2);
  }
});
