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

interface HumanEvalTypeScriptRow {
  readonly name: string;
  readonly prompt: string;
  readonly tests: string;
}

/** Solutions of some problems of HumanEval in TypeScript, whose set has none: function name to body. */
export const typeScriptBodies: Readonly<Record<string, string>> = {
  strlen: "return string.length; }",
  remove_vowels: 'return text.replace(/[aeiou]/gi, ""); }',
  fibfib:
    "const f = [0, 0, 1]; for (let i = 3; i <= n; i++) f.push(f[i-1] + f[i-2] + f[i-3]); return f[n]; }",
  double_the_difference: "return lst.filter((v) => v > 0 && v % 2 === 1).reduce((a, v) => a + v * v, 0); }",
  filter_integers: "return values.filter((v): v is number => Number.isInteger(v)); }",
  car_race_collision: "return n * n; }",
  decimal_to_binary: "return 'db' + decimal.toString(2) + 'db'; }",
  all_prefixes: "return [...string].map((_, i) => string.slice(0, i + 1)); }",
  flip_case:
    "return [...string].map((c) => c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()).join(''); }",
  factorize:
    "const out: number[] = []; for (let p = 2; n > 1; p++) while (n % p === 0) { out.push(p); n /= p; } return out; }",
  unique: "return [...new Set(l)].sort((a, b) => a - b); }",
  max_element: "return Math.max(...l); }",
  derivative: "return xs.map((x, i) => x * i).slice(1); }",
  filter_by_prefix: "return strings.filter((s: string): boolean => s.startsWith(prefix)); }",
  largest_divisor: "for (let d = n - 1; d > 0; d--) if (n % d === 0) return d; return 1; }",
  is_equal_to_sum_even: "return n >= 8 && n % 2 === 0; }",
};

/** The TypeScript problems of HumanEval (MultiPL-E's form) for which there is a solution above. */
export function humanEvalTypeScript(path: string): DatasetProblem[] {
  return rows<HumanEvalTypeScriptRow>(path).flatMap((row) => {
    const name = /function (\w+)\(/.exec(row.prompt)?.[1] ?? "";
    const body = typeScriptBodies[name];
    if (body === undefined) return [];
    const source = `${row.prompt}${body}`;
    return [
      {
        name: row.name,
        solution: { language: "typescript" as const, source },
        tests: [{ kind: "assertions" as const, code: row.tests }],
        entryPoints: [name],
      },
    ];
  });
}

/** The same problem's program with a function under test that returns nothing. */
export function returnsNothing(problem: DatasetProblem): Program {
  const [name] = problem.entryPoints;
  const { language, source } = problem.solution;
  const nothing =
    language === "python"
      ? `\n${name} = lambda *arguments, **keywords: None\n`
      : `\n${name} = () => undefined;\n`;
  return { language, source: source + nothing };
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
