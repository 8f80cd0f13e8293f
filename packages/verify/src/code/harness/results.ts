/** From how a runner ended to the status of a test. */
import type { SandboxExit } from "../sandbox.ts";
import type { TestResult, TestStatus } from "../test-case.ts";
import type { EndpointEnd } from "./endpoint.ts";

/** A result whose time runs from `started`, a time of `performance.now()`. */
export function result(status: TestStatus, started: number, detail?: string): TestResult {
  const wallMilliseconds = performance.now() - started;
  return detail === undefined ? { status, wallMilliseconds } : { status, detail, wallMilliseconds };
}

/** The program gave no answer. */
export function ended(end: EndpointEnd, started: number, where: string): TestResult {
  if (end.ended === "deadline") return result("timeout", started, `out of time ${where}`);
  if (end.ended === "too-large") return result("output-limit", started, `sent more than it may ${where}`);
  if (end.ended === "flood") return result("crashed", started, `the program broke the protocol ${where}`);
  return result(exitStatus(end.exit), started, `the program ended ${where} (${describeExit(end.exit)})`);
}

/** The judge gave no verdict: never a pass, and out of time where the test code waits for ever. */
export function judgeEnded(end: EndpointEnd, started: number, where: string): TestResult {
  if (end.ended === "deadline") return result("timeout", started, `out of time ${where}`);
  const status = end.exit === null ? "error" : exitStatus(end.exit);
  return result(
    status === "crashed" ? "error" : status,
    started,
    `no verdict ${where} (${describeExit(end.exit)})`,
  );
}

/** The interpreter did not come up: our trouble, not the program's. */
export function notStarted(end: EndpointEnd, started: number): TestResult {
  const said = end.stderr.trim().split("\n").at(-1) ?? "";
  const how = end.ended === "exit" ? describeExit(end.exit) : end.ended;
  return result("error", started, `the sandbox did not start (${how})${said === "" ? "" : `: ${said}`}`);
}

function exitStatus(exit: SandboxExit | null): TestStatus {
  switch (exit?.reason) {
    case "memory":
      return "memory";
    case "wall-clock":
    case "cpu-time":
      return "timeout";
    case "output":
      return "output-limit";
    default:
      return "crashed";
  }
}

const describeExit = (exit: SandboxExit | null): string =>
  exit === null ? "protocol" : `${exit.reason}, code ${exit.code}, signal ${exit.signal}`;

/** The results so far, and `not-run` for what was planned beyond. */
export function fill(results: readonly TestResult[], planned: number): TestResult[] {
  const missing = Math.max(0, planned - results.length);
  return [...results, ...Array.from({ length: missing }, () => notRun)];
}

export const notRun: TestResult = { status: "not-run", wallMilliseconds: 0 };

/** A test that never touched the program proves nothing. */
export const passedWithoutUse = (test: TestResult): TestResult =>
  test.status === "passed"
    ? { ...test, status: "error", detail: "the test code never used the program" }
    : test;
