/** The public code sets as programs with tests, for this package's own tests and benchmark; read from ../shared/data. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { AssertionTest, Program } from "../test-case.ts";

export interface DatasetProblem {
  readonly name: string;
  /** The dataset's own solution. */
  readonly solution: Program;
  readonly tests: readonly AssertionTest[];
  readonly entryPoints: readonly string[];
}

const folder = fileURLToPath(new URL("../../../../../../shared/data/", import.meta.url));

/** Where a data set lies, or null where it is not to be had. */
export function datasetPath(name: string): string | null {
  const path = join(folder, name);
  return existsSync(path) ? path : null;
}

function rows<Row>(path: string): Row[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  if (path.endsWith(".json")) return JSON.parse(text) as Row[];
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Row);
}

interface HumanEvalRow {
  readonly task_id: string;
  readonly prompt: string;
  readonly entry_point: string;
  readonly canonical_solution: string;
  readonly test: string;
}

/**
 * HumanEval (Chen et al. 2021). What a prompt defines before the function asked for is the tests' tool as well
 * (`encode_cyclic` for `decode_cyclic`): it is given to the judge, so that a program cannot redefine it.
 */
export function humanEval(path: string): DatasetProblem[] {
  return rows<HumanEvalRow>(path).map((row) => ({
    name: row.task_id,
    solution: { language: "python", source: row.prompt + row.canonical_solution },
    tests: [
      {
        kind: "assertions",
        code: `${row.test}\ncheck(${row.entry_point})\n`,
        setup: row.prompt.slice(0, row.prompt.indexOf(`def ${row.entry_point}(`)),
      },
    ],
    entryPoints: [row.entry_point],
  }));
}

interface MbppRow {
  readonly task_id: number;
  readonly code: string;
  readonly test_list: readonly string[];
  readonly test_setup_code: string;
}

/** MBPP (Austin et al. 2021). */
export function mbpp(path: string): DatasetProblem[] {
  return rows<MbppRow>(path).map((row) => ({
    name: `MBPP/${row.task_id}`,
    solution: { language: "python", source: row.code },
    tests: [{ kind: "assertions", code: row.test_list.join("\n"), setup: row.test_setup_code }],
    entryPoints: [],
  }));
}

interface LeetCodeRow {
  readonly solutions: string;
  readonly tests: { readonly functional: string };
}

/** What LeetCode imports before every Python program. */
const leetCodePrelude = [
  "array",
  "bisect",
  "collections",
  "copy",
  "datetime",
  "functools",
  "heapq",
  "itertools",
  "math",
  "operator",
  "random",
  "re",
  "string",
  "typing",
]
  .map((name) => `import ${name}\nfrom ${name} import *\n`)
  .concat("from math import inf, gcd, comb, sqrt, ceil, floor, log2, isqrt, lcm\n")
  .join("");

/** LeetCode problems with functional tests, as in rLLM's set. */
export function leetCode(path: string): DatasetProblem[] {
  return rows<LeetCodeRow>(path).map((row, place) => ({
    name: `LeetCode/${place}`,
    solution: { language: "python", source: `${leetCodePrelude}\n${row.solutions}` },
    tests: [{ kind: "assertions", code: row.tests.functional }],
    entryPoints: ["Solution"],
  }));
}

/** A Python program whose entry point returns something near the right value but never it. */
export function offByOne(problem: DatasetProblem): Program {
  const [name] = problem.entryPoints;
  const source = `${problem.solution.source}

def _near(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list):
        return value + [0]
    if isinstance(value, tuple):
        return value + (0,)
    if isinstance(value, dict):
        return {**value, "x": 0}
    return 0

def _spoil(function):
    return lambda *arguments, **keywords: _near(function(*arguments, **keywords))

${name} = _spoil(${name})
`;
  return { language: "python", source };
}
