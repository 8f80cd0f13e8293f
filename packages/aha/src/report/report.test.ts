/** The report: axes, curves, escaping, and what it says of a run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunData } from "../run/run-directory.ts";
import type { EvaluationSummary, RolloutRecord, RunEvent } from "../run/run-records.ts";
import { chartSvg } from "./chart.ts";
import { curvesSvg } from "./curves-svg.ts";
import { escapeText } from "./escape.ts";
import { reportHtml } from "./report-html.ts";
import { formatValue, niceTicks, wholeTicks } from "./scale.ts";
import { latestMetrics, smooth, thin } from "./series.ts";
import { markWords, transcriptPairs } from "./transcripts.ts";

const summary = (accuracy: number): EvaluationSummary => ({
  accuracy,
  mean_length: 100 * accuracy,
  format: 1,
  reflection: { wait: 5 * accuracy, however: 0 },
});

const evil = `</pre></script><script>alert("x")</script>\u0000\ud800&amp; wait`;

const record = (question: string, outcome: "correct" | "wrong", completion = evil): RolloutRecord => ({
  step: 0,
  question,
  sample: 0,
  prompt: evil,
  completion,
  finish: "stop",
  promptTokenIds: [],
  tokenIds: [1, 2],
  logProbabilities: [],
  reward: 0,
  breakdown: { accuracy: { value: 0, outcome, detail: evil } },
  advantage: null,
});

function makeRun(name: string, steps: number): RunData {
  const metrics = Array.from({ length: steps }, (_, index): RunEvent => {
    const step = index + 1;
    const numbers = {
      "rewards/accuracy/mean": step / steps,
      "reflection/wait": step,
      "time/rollout": 2,
      "time/train": 1,
    };
    return { type: "metrics", time: step, step, metrics: numbers };
  });
  return {
    name,
    recipe: { name: evil },
    events: [
      { type: "evaluation", time: 0, step: 0, when: "before", summary: summary(0.2) },
      { type: "warning", time: 0, step: 0, message: evil },
      ...metrics,
      { type: "evaluation", time: 99, step: steps, when: "after", summary: summary(0.8) },
    ],
    summary: null,
    before: [record("a", "wrong"), record("b", "correct"), record("gone", "wrong")],
    after: [record("b", "wrong"), record("a", "correct")],
  };
}

test("ticks are round, cover the range, and never are fewer than two", () => {
  assert.deepEqual(niceTicks(0, 1, 4), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(niceTicks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(niceTicks(-3, 117, 4), [-50, 0, 50, 100, 150]);
  for (const [low, high] of [
    [0, 0],
    [5, 5],
    [1e-9, 2e-9],
    [0, 1e12],
  ] as const) {
    const ticks = niceTicks(low, high, 4);
    assert.ok(ticks.length >= 2 && (ticks[0] ?? 1) <= low && (ticks.at(-1) ?? 0) >= high, `${low} ${high}`);
  }
  assert.deepEqual(wholeTicks(1, 3, 5), [1, 2, 3]);
});

test("values are short", () => {
  assert.deepEqual(
    [0.7689, 0.0025].map((value) => formatValue(value, "percent")),
    ["76.9%", "0.25%"],
  );
  assert.deepEqual(
    [0, 1234, 45_678, 2_500_000, 0.0003, 2.5].map((value) => formatValue(value, "number")),
    ["0", "1230", "45.7k", "2.5M", "3.0e-4", "2.5"],
  );
});

test("smoothing keeps a constant and a straight line's middle; thinning keeps the mean", () => {
  const points = Array.from({ length: 61 }, (_, step) => ({ step, value: step }));
  assert.ok(
    smooth(points.map(({ step }) => ({ step, value: 3 }))).every(({ value }) => Math.abs(value - 3) < 1e-12),
  );
  assert.ok(Math.abs((smooth(points)[30]?.value ?? 0) - 30) < 1e-9);
  const few = thin(points, 10);
  assert.equal(few.length, 10);
  assert.ok(few.every(({ value }, index) => index === 0 || value > (few[index - 1]?.value ?? 0)));
});

test("what a model prints cannot leave its place in the page", () => {
  assert.equal(
    escapeText(`<a href="x">&'\u0001\ud800`),
    "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\ufffd\ufffd",
  );
  const page = reportHtml([makeRun("one", 20)]);
  assert.equal(page.includes("<script>alert"), false);
  assert.equal(page.match(/<script>/g)?.length, 1);
  assert.doesNotMatch(page, /[\ud800-\udbff](?![\udc00-\udfff])/);
  assert.equal(markWords("Wait <wait> waits", ["wait"]), "<mark>Wait</mark> &lt;<mark>wait</mark>&gt; waits");
});

test("the page tells the ends of the run, and needs nothing from elsewhere", () => {
  const page = reportHtml([makeRun("one", 20)]);
  assert.match(page, /20%<\/span><span class="arrow">→<\/span>80%/);
  assert.match(page, /\+60\.0 points/);
  assert.match(page, /×4/);
  assert.match(page, /Step 20, not finished/);
  assert.match(page, /Time by phase/);
  assert.doesNotMatch(page, /(?:src|href)=|@import|url\((?!#)/);
});

test("transcripts pair the same questions in their order, and say how each ended", () => {
  const run = makeRun("one", 2);
  assert.deepEqual(
    transcriptPairs(run, 9).map(({ before, after }) => [before.question, after.question]),
    [
      ["a", "a"],
      ["b", "b"],
    ],
  );
  const page = reportHtml([run]);
  assert.match(page, /class="pair wrong-right"/);
  assert.match(page, /class="pair right-wrong"/);
});

test("several runs share the charts, one colour each", () => {
  const page = reportHtml([makeRun("one", 20), makeRun("shuffled", 20)]);
  assert.match(page, /<text class="legend"[^>]*>shuffled</);
  assert.match(page, /class="line t1"/);
  const picture = curvesSvg([makeRun("one", 20), makeRun("shuffled", 20)]);
  assert.match(picture, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.doesNotMatch(picture, /<script|data-chart|NaN|Infinity/);
});

test("runs that have only begun still give a page", () => {
  const begun: RunData = { ...makeRun("begun", 0), events: [], before: [], after: [] };
  const page = reportHtml([begun]);
  assert.match(page, /No held-out evaluation yet/);
  assert.match(page, /No step has been finished yet/);
  assert.match(reportHtml([makeRun("one", 1)]), /Accuracy/);
  assert.doesNotMatch(reportHtml([makeRun("one", 1)]), /NaN|Infinity/);
  assert.match(reportHtml([]), /no run/);
  assert.deepEqual(latestMetrics(begun), { step: 0, metrics: {} });
});

test("charts take any values without a number that is none", () => {
  const curve = (values: number[]) => [
    { label: "a", tone: 0, points: values.map((value, index) => ({ step: index * 10, value })) },
  ];
  for (const values of [[], [0], [0, 0, 0], [-1, -2], [1e-12, 1e12], Array(2000).fill(1)]) {
    for (const kind of ["lines", "stack"] as const) {
      const svg = chartSvg(
        { title: "x", kind, format: "number", curves: curve(values) },
        { x: 0, y: 0, width: 300, height: 200 },
        "c",
      );
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
      assert.ok(svg.length < 60_000);
    }
  }
});
