/** `runTests`: judges a program by its tests behind whichever wall this machine has. */
import { availableParallelism } from "node:os";
import { Bubblewrap, endAllSandboxes } from "./bubblewrap.ts";
import { probeBubblewrap } from "./describe-sandbox.ts";
import { Keeper } from "./keeper/keeper.ts";
import { completeLimits } from "./limits.ts";
import { describePyodide, PyodideSandbox } from "./pyodide/pyodide-sandbox.ts";
import { Queue } from "./queue.ts";
import { report } from "./report.ts";
import { runProgramTests } from "./run-program-tests.ts";
import type { Sandbox } from "./sandbox.ts";
import { SandboxError } from "./sandbox-error.ts";
import type { Limits, Program, ProgramLanguage, ProgramTest, SandboxKind, TestReport } from "./test-case.ts";
import { WarmPool } from "./warm-pool.ts";

export interface RunTestsOptions extends Partial<Limits> {
  readonly stopAtFirstFailure?: boolean;
  /** Programs that run at once, over all calls that say the same; default the processor's cores. */
  readonly concurrency?: number;
  /** A wall of the caller's, or which of ours; default bubblewrap where it works, else Pyodide for Python. */
  readonly sandbox?: Sandbox | SandboxKind;
  /** Names in assertion tests that mean the program's even where a builtin has them (HumanEval's entry point). */
  readonly entryPoints?: readonly string[];
}

/**
 * Every test's result, in order; a test that cannot run says why instead of throwing.
 *
 * The sandboxes live in a process beside this one, which this call may start, unless the caller brings its own.
 *
 * Throws SandboxError where there is no wall to run behind (never runs anything without one), RangeError for no
 * tests or for limits that are no limits, TypeError for tests that the program's language cannot have.
 */
export async function runTests(
  program: Program,
  tests: readonly ProgramTest[],
  options: RunTestsOptions = {},
): Promise<TestReport> {
  if (typeof options.sandbox === "object") return runTestsHere(program, tests, options);
  if (keeper === undefined || keeper.gone) keeper = new Keeper();
  return keeper.run(program, tests, options);
}

/** The same in this process: its event loop must be free, for clocks and pipes. */
export async function runTestsHere(
  program: Program,
  tests: readonly ProgramTest[],
  options: RunTestsOptions = {},
): Promise<TestReport> {
  const limits = completeLimits(options);
  const sandbox = await chooseSandbox(options.sandbox, program.language);
  const queue = queueOf(options.concurrency ?? availableParallelism());
  const { stopAtFirstFailure = false, entryPoints } = options;
  const run = { sandbox, program, tests, limits, stopAtFirstFailure };
  const results = await queue.run(() =>
    runProgramTests(entryPoints === undefined ? run : { ...run, entryPoints }),
  );
  return report(results, sandbox.kind);
}

/** What lives as long as the process: none of it holds the event loop, all of it dies with the process. */
let keeper: Keeper | undefined;
const queues = new Map<number, Queue>();
let warm: WarmPool | undefined;
let wasm: PyodideSandbox | undefined;

function queueOf(concurrency: number): Queue {
  const queue = queues.get(concurrency) ?? new Queue(concurrency);
  queues.set(concurrency, queue);
  return queue;
}

async function chooseSandbox(
  wanted: Sandbox | SandboxKind | undefined,
  language: ProgramLanguage,
): Promise<Sandbox> {
  if (typeof wanted === "object") return wanted;
  const bubblewrap = wanted === "pyodide" ? null : await probeBubblewrap();
  if (bubblewrap?.available) {
    warm ??= new WarmPool(new Bubblewrap(), availableParallelism());
    return warm;
  }
  const fallback = wanted === "bubblewrap" ? null : describePyodide();
  if (fallback?.available && language === "python") {
    wasm ??= new PyodideSandbox({ spares: 1 });
    return wasm;
  }
  const reasons = [
    bubblewrap === null ? "" : `bubblewrap: ${bubblewrap.reason}`,
    fallback === null ? "" : fallback.available ? "Pyodide runs Python alone" : `Pyodide: ${fallback.reason}`,
  ];
  throw new SandboxError(
    `no sandbox to run ${language} in, and nothing runs without one (${reasons.filter((reason) => reason !== "").join("; ")})`,
  );
}

/**
 * Ends every sandbox that `runTests` and `runTestsHere` have started, waiting or running, and the process that
 * keeps them; resolves when nothing is left. The next run starts anew.
 */
export async function closeSandboxes(): Promise<void> {
  const closing = [keeper?.close(), wasm?.close(), endAllSandboxes()];
  warm?.close();
  keeper = undefined;
  warm = undefined;
  wasm = undefined;
  await Promise.all(closing);
}
