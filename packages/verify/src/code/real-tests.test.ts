/**
 * The tests of real problem sets, judged right: a program that knows the answers passes all of them, one that
 * spoils an answer fails. AHA_ALL_CODE_TESTS=1 takes every problem instead of a sample.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { closeSandboxes, runTests } from "./run-tests.ts";
import type { InputOutputTest } from "./test-case.ts";
import { skip as noSandbox } from "./testing/attacks.ts";

after(closeSandboxes);

const folder = new URL("../../../../../shared/data/code/", import.meta.url);
const skip = noSandbox || (existsSync(folder) ? false : `no data in ${folder.pathname}`);
const sampleSize = 24;

type Written = { input: string; output: string }[] | { inputs: string[]; outputs: string[] };

function asTests(written: Written): InputOutputTest[] {
  const pairs = Array.isArray(written)
    ? written.map(({ input, output }) => [input, output] as const)
    : written.inputs.map((input, n) => [input, written.outputs[n] as string] as const);
  return pairs.map(([stdin, stdout]) => ({ kind: "io", stdin, stdout }));
}

const stripped = (text: string): string => text.split(/\s+/).join(" ").trim();

/** Looks its input up in a table. */
function parrot(tests: readonly InputOutputTest[]): string {
  const table = JSON.stringify(JSON.stringify(tests.map(({ stdin, stdout }) => [stripped(stdin), stdout])));
  return `import json, sys\ntable = dict(json.loads(${table}))\nsys.stdout.write(table[" ".join(sys.stdin.read().split())] + "\\n")`;
}

for (const name of ["codeforces", "code_contests"])
  test(`${name}: the right answers pass, spoilt ones do not`, { skip, timeout: 1_200_000 }, async () => {
    const rows = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as { tests: Written }[];
    const all = process.env.AHA_ALL_CODE_TESTS === "1";
    const step = all ? 1 : Math.ceil(rows.length / sampleSize);
    const chosen = rows.filter((_, n) => n % step === 0);
    const problems = chosen.map((row) => asTests(row.tests));
    const reports = await Promise.all(
      problems.map(async (tests) => {
        const language = "python";
        const right = await runTests({ language, source: parrot(tests) }, tests);
        assert.equal(right.outcome, "correct", JSON.stringify(right).slice(0, 1000));
        const spoilt = tests.map((one) => ({ ...one, stdout: `${one.stdout.trimEnd()}0` }));
        const wrong = await runTests({ language, source: parrot(spoilt) }, tests);
        assert.equal(wrong.passed, 0, JSON.stringify(wrong).slice(0, 1000));
        return right;
      }),
    );
    const count = reports.reduce((total, report) => total + report.total, 0);
    console.log(`${name}: ${reports.length} problems, ${count} tests`);
  });
