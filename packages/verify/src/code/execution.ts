/** One run of a program on one input, and how its end is told. */
import type { SandboxExit } from "./sandbox.ts";
import type { TestStatus } from "./test-case.ts";

export type FailedStatus = Exclude<TestStatus, "passed" | "failed" | "not-run">;

export type Execution =
  | { readonly status: "finished"; readonly stdout: string; readonly wallMilliseconds: number }
  | { readonly status: FailedStatus; readonly detail: string; readonly wallMilliseconds: number };

/** A program made ready: every run is a fresh process behind the wall. */
export interface Executor {
  run(stdin: string): Promise<Execution>;
  /** Ends what still runs. */
  close(): Promise<void>;
}

/** What a program's own end says: an exit code, or the name of the signal that ended it. */
export function describeEnd(
  end: Pick<SandboxExit, "code" | "signal">,
  stderr: string,
): { readonly status: FailedStatus; readonly detail: string } {
  const said = lastLine(stderr);
  if (end.code === doesNotCompile && said.includes("SyntaxError"))
    return { status: "compile-error", detail: said };
  if (end.signal === "SIGXCPU") return { status: "timeout", detail: "processor time used up" };
  if (outOfMemory.some((words) => said.includes(words))) return { status: "memory", detail: said };
  const how = end.signal === null ? `exit code ${end.code}` : `ended by ${end.signal}`;
  return { status: "crashed", detail: said === "" ? how : `${how}: ${said}` };
}

/** How an end that the host brought about, or one of the wall's own, is told; null for the program's own end. */
export function describeStop(
  exit: SandboxExit,
  stderr: string,
): { readonly status: FailedStatus; readonly detail: string } | null {
  switch (exit.reason) {
    case "wall-clock":
      return { status: "timeout", detail: "wall clock passed" };
    case "cpu-time":
      return { status: "timeout", detail: "processor time used up" };
    case "memory":
      return { status: "memory", detail: "more memory, processes or files than allowed" };
    case "output":
      return { status: "output-limit", detail: "more output than allowed" };
    case "failed":
      return { status: "error", detail: `the sandbox did not start: ${lastLine(stderr) || exit.signal}` };
    case "killed":
      return { status: "error", detail: "the run was cancelled" };
    default:
      return null;
  }
}

/** The code with which the runners of interpreted languages end before the program has begun. */
const doesNotCompile = 113;

/** What Python, libstdc++ and V8 print before they give up. */
const outOfMemory = ["MemoryError", "std::bad_alloc", "JavaScript heap out of memory"];

export function lastLine(text: string): string {
  const lines = text.slice(-2000).trimEnd().split("\n");
  return (lines.at(-1) ?? "").slice(0, 200);
}
