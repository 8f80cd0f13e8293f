/** Tests of standard input and output: runs the program on each input and compares outside the sandbox. */
import { checkByProgram } from "./check-by-program.ts";
import { describeDifference, outputMatches } from "./check-output.ts";
import type { Executor } from "./execution.ts";
import type { Sandbox } from "./sandbox.ts";
import type { InputOutputTest, Limits, TestResult } from "./test-case.ts";

export async function runInputOutputTest(
  executor: Executor,
  test: InputOutputTest,
  sandbox: Sandbox,
  limits: Limits,
): Promise<TestResult> {
  const execution = await executor.run(test.stdin);
  if (execution.status !== "finished") return execution;
  const { stdout, wallMilliseconds } = execution;
  const checker = test.checker ?? { kind: "lines" };
  if (checker.kind === "program") {
    const files = { input: test.stdin, actual: stdout, expected: test.stdout };
    const verdict = await checkByProgram(sandbox, checker.program, files, limits);
    return verdict.accepted
      ? { status: "passed", wallMilliseconds }
      : { status: verdict.broken ? "error" : "failed", detail: verdict.detail, wallMilliseconds };
  }
  if (outputMatches(stdout, test.stdout, checker)) return { status: "passed", wallMilliseconds };
  return { status: "failed", detail: describeDifference(stdout, test.stdout), wallMilliseconds };
}
