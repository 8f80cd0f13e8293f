/** The public sets' own solutions pass their own tests, spoilt ones fail: a sample, or all with AHA_TEST_ALL=1. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { closeSandboxes, runTestsHere } from "../run-tests.ts";
import type { Program, TestReport } from "../test-case.ts";
import {
  type DatasetProblem,
  datasetPath,
  humanEval,
  humanEvalTypeScript,
  leetCode,
  mbpp,
  offByOne,
  returnsNothing,
} from "./code-datasets.ts";

const sampleSize = process.env.AHA_TEST_ALL === "1" ? Infinity : 40;

/** The same problems every time: every so-many-th, from a fixed place. */
function sample(problems: readonly DatasetProblem[]): DatasetProblem[] {
  const step = Math.max(1, Math.floor(problems.length / sampleSize));
  return problems.filter((_, place) => place % step === step - 1);
}

/** The names of those whose report is not as it should be. */
async function unexpected(
  problems: readonly DatasetProblem[],
  programOf: (problem: DatasetProblem) => Program,
  expected: TestReport["outcome"],
): Promise<string[]> {
  const bad = await Promise.all(
    problems.map(async (problem) => {
      const report = await runTestsHere(programOf(problem), problem.tests, {
        entryPoints: problem.entryPoints,
        wallSeconds: 30,
      });
      const first = report.tests.find((one) => one.status !== "passed");
      return report.outcome === expected
        ? []
        : [`${problem.name}: ${report.outcome} ${first?.status} ${first?.detail}`];
    }),
  );
  return bad.flat();
}

const own = (problem: DatasetProblem): Program => problem.solution;

/** Solutions that cannot pass, and why. */
const known: Readonly<Record<string, string>> = {
  "LeetCode/126": "imports sortedcontainers, which is not part of Python",
};

function sets(): [string, string, (path: string) => DatasetProblem[]][] {
  return [
    ["HumanEval", "humaneval/HumanEval.jsonl.gz", humanEval],
    ["HumanEval in TypeScript", "humaneval/humaneval-ts.jsonl", humanEvalTypeScript],
    ["MBPP", "mbpp/mbpp.jsonl", mbpp],
    ["LeetCode", "code/leetcode.json", leetCode],
  ];
}

after(() => closeSandboxes());

for (const [name, file, read] of sets()) {
  const path = datasetPath(file);
  describe(name, { skip: path === null && `no ../shared/data/${file}` }, () => {
    const problems =
      path === null ? [] : sample(read(path)).filter((problem) => known[problem.name] === undefined);
    test("solutions pass", async () => assert.deepEqual(await unexpected(problems, own, "correct"), []));
    const spoilt = problems.filter(
      (problem) => problem.entryPoints.length > 0 && problem.entryPoints[0] !== "Solution",
    );
    if (spoilt.length === 0) return;
    test("functions that return nothing fail", async () =>
      assert.deepEqual(await unexpected(spoilt, returnsNothing, "wrong"), []));
    if (name !== "HumanEval") return;
    test("functions that return nearly the right thing fail", async () =>
      assert.deepEqual(await unexpected(spoilt, offByOne, "wrong"), []));
  });
}
