/** The benchmark's arithmetic: medians, useful operations, ratios the right way up, lines that are no measurement. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Shape, usefulFlopsPerStep } from "./flops.ts";
import { type GrpoMeasurement, type GrpoSettings, MeasurementError, readMeasurement } from "./measurement.ts";
import { grpoTable, median } from "./table.ts";

const shape: Shape = {
  vocabulary: 5,
  width: 4,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  intermediate: 3,
  tied: true,
};
const settings: GrpoSettings = {
  shape: "3m",
  questions: 1,
  group: 2,
  promptTokens: 1,
  newTokens: 2,
  dtype: "float32",
  steps: 1,
  beta: 0,
};

function measurement(secondsPerStep: number, peakBytes: number): GrpoMeasurement {
  return {
    implementation: "test",
    versions: {},
    settings,
    threads: 1,
    parameters: 1,
    stepSeconds: [secondsPerStep],
    secondsPerStep,
    generationSeconds: 1,
    trainingSeconds: 1,
    rolloutTokensPerSecond: 100,
    trainingTokensPerSecond: 100,
    peakBytes,
  };
}

describe("median", () => {
  it("takes the middle, or the mean of the middle two", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });
});

describe("usefulFlopsPerStep", () => {
  it("counts by hand for a model of one small layer", () => {
    // A layer has 2·4·4 + 2·4·2 + 3·4·3 = 84 weights, the head 20; attention takes 4·4 a pair of tokens.
    const prefill = 2 * 84 + 16 * 1 + 2 * 20;
    const decode = 2 * (2 * 84 * 2 + 16 * (2 + 3) + 2 * 20 * 2);
    const forward = 2 * (2 * 84 * 3 + 16 * (1 + 2 + 3) + 2 * 20 * 2);
    assert.equal(usefulFlopsPerStep(shape, settings), prefill + decode + 3 * forward);
    assert.equal(usefulFlopsPerStep(shape, { ...settings, beta: 0.1 }), prefill + decode + 4 * forward);
  });

  it("is close to 2 a parameter and token for the shapes that are measured", () => {
    const shapes: Record<string, Shape> = JSON.parse(
      readFileSync(join(import.meta.dirname, "shapes.json"), "utf8"),
    );
    const long = { ...settings, questions: 1, group: 1, promptTokens: 1, newTokens: 1, beta: 0 };
    const model = shapes["135m"];
    assert.ok(model);
    // One prompt token, one new token: the layers run over 1 + 1 + 3·2 = 8 tokens, the head over 1 + 1 + 3 = 5.
    const layers = 106_168_320;
    const expected = 2 * layers * 8 + 2 * 576 * 49_152 * 5;
    assert.ok(Math.abs(usefulFlopsPerStep(model, long) / expected - 1) < 0.001);
  });
});

describe("grpoTable", () => {
  it("shows ratios above 1 where ours is quicker or smaller, and dashes for a side that was not run", () => {
    const comparison = {
      settings,
      theirs: [measurement(6, 4e9), measurement(8, 4e9)],
      ours: [measurement(2, 1e9)],
      flopsPerStep: 1e9,
      gemmFlopsPerSecond: 1e10,
    };
    const table = grpoTable(comparison);
    assert.match(table, /\| seconds a step \| 7\.00 \| 2\.00 \| 3\.50× \|/);
    assert.match(table, /\| peak memory \| 4\.00 GB \| 1\.00 GB \| 4\.00× \|/);
    assert.match(table, /\| share of the GEMM rate \| 1\.5 % \| 5\.0 % \|/);
    assert.match(grpoTable({ ...comparison, ours: [] }), /\| seconds a step \| 7\.00 \| – \| – \|/);
  });
});

describe("readMeasurement", () => {
  it("reads the last line, and says what is wrong with one that is no measurement", () => {
    const read = (output: string) => readMeasurement<GrpoMeasurement>("it", output, ["secondsPerStep"]);
    assert.equal(read('noise\n{"secondsPerStep": 2}\n').secondsPerStep, 2);
    assert.throws(() => read("Killed"), MeasurementError);
    assert.throws(() => read('{"steps": 2}'), /no secondsPerStep/);
  });
});
