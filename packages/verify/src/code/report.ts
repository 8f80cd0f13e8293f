/** From the results of single tests to the report on a program. */
import type { Outcome } from "../outcome.ts";
import type { SandboxKind, TestReport, TestResult, TestStatus } from "./test-case.ts";

export function report(tests: readonly TestResult[], sandbox: SandboxKind): TestReport {
  const passed = tests.filter((test) => test.status === "passed").length;
  return { outcome: outcomeOf(tests), passed, total: tests.length, tests, sandbox };
}

/** The worst that happened, trouble of ours first: it must not count as the program's. */
const outcomes: readonly (readonly [TestStatus, Outcome])[] = [
  ["error", "error"],
  ["compile-error", "unparsed"],
  ["failed", "wrong"],
  ["crashed", "wrong"],
  ["memory", "wrong"],
  ["output-limit", "wrong"],
  ["timeout", "timeout"],
];

function outcomeOf(tests: readonly TestResult[]): Outcome {
  const statuses = new Set(tests.map((test) => test.status));
  const bad = outcomes.find(([status]) => statuses.has(status));
  if (bad !== undefined) return bad[1];
  return tests.length > 0 && statuses.size === 1 && statuses.has("passed") ? "correct" : "error";
}
