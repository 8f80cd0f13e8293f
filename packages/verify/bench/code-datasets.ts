/** Prints how the public code sets' own solutions fare: `node --import tsx bench/code-datasets.ts [set]`. */
import {
  type DatasetProblem,
  datasetPath,
  humanEval,
  humanEvalTypeScript,
  leetCode,
  mbpp,
  offByOne,
  returnsNothing,
} from "../src/code/harness/code-datasets.ts";
import { closeSandboxes, runTestsHere } from "../src/code/run-tests.ts";
import type { Program } from "../src/code/test-case.ts";

interface Row {
  readonly set: string;
  readonly programs: string;
  readonly file: string;
  readonly read: (path: string) => DatasetProblem[];
  readonly program: (problem: DatasetProblem) => Program;
}

const own = (problem: DatasetProblem): Program => problem.solution;
const humanEvalFile = { set: "HumanEval", file: "humaneval/HumanEval.jsonl.gz", read: humanEval };
const typeScriptFile = {
  set: "HumanEval-TS",
  file: "humaneval/humaneval-ts.jsonl",
  read: humanEvalTypeScript,
};

const rows: readonly Row[] = [
  { ...humanEvalFile, programs: "the set's solutions", program: own },
  { ...humanEvalFile, programs: "returning nothing", program: returnsNothing },
  { ...humanEvalFile, programs: "off by one", program: offByOne },
  { ...typeScriptFile, programs: "our solutions", program: own },
  { ...typeScriptFile, programs: "returning nothing", program: returnsNothing },
  { set: "MBPP", programs: "the set's solutions", file: "mbpp/mbpp.jsonl", read: mbpp, program: own },
  {
    set: "LeetCode",
    programs: "the set's solutions",
    file: "code/leetcode.json",
    read: leetCode,
    program: own,
  },
];

async function measure(row: Row, path: string): Promise<void> {
  const problems = row.read(path);
  const started = performance.now();
  let correct = 0;
  let tests = 0;
  const others: string[] = [];
  await Promise.all(
    problems.map(async (problem) => {
      const { entryPoints } = problem;
      const report = await runTestsHere(row.program(problem), problem.tests, {
        entryPoints,
        wallSeconds: 30,
      });
      tests += report.total;
      if (report.outcome === "correct") correct++;
      const first = report.tests.find((one) => one.status !== "passed");
      if ((report.outcome === "correct") !== (row.program === own))
        others.push(`    ${problem.name}: ${report.outcome}: ${first?.detail ?? ""}`);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${row.set.padEnd(14)} ${row.programs.padEnd(22)} ${String(correct).padStart(4)} of ${String(problems.length).padStart(4)} pass  ${String(tests).padStart(5)} tests  ${(problems.length / seconds).toFixed(1).padStart(6)} programs/s`,
  );
  for (const line of others) console.log(line);
}

for (const row of rows) {
  const path = datasetPath(row.file);
  const wanted = process.argv[2];
  if (wanted !== undefined && row.set !== wanted) continue;
  if (path === null) console.log(`${row.set}: no ../shared/data/${row.file}`);
  else await measure(row, path);
}
await closeSandboxes();
