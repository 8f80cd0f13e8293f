/** Runs one program against its tests behind a given wall, one test after another. */

import { checkByProgram } from "./check-by-program.ts";
import { compileCpp, stripTypes } from "./compile-program.ts";
import { CppCalls } from "./cpp-calls.ts";
import type { Executor } from "./execution.ts";
import { runCalls } from "./harness/run-calls.ts";
import { runInputOutputTest } from "./input-output-tests.ts";
import { binaryExecutor, javascriptExecutor, pythonScriptExecutor } from "./process-executor.ts";
import { PythonExecutor } from "./python-executor.ts";
import type { Sandbox } from "./sandbox.ts";
import type {
  AssertionTest,
  CallTest,
  InputOutputTest,
  Limits,
  Program,
  ProgramTest,
  TestResult,
} from "./test-case.ts";

export interface ProgramRun {
  readonly sandbox: Sandbox;
  readonly program: Program;
  readonly tests: readonly ProgramTest[];
  readonly limits: Limits;
  readonly stopAtFirstFailure: boolean;
  readonly entryPoints?: readonly string[];
}

/** Throws TypeError for tests that the program's language cannot have. */
export async function runProgramTests(run: ProgramRun): Promise<TestResult[]> {
  checkTests(run);
  const results: TestResult[] = [];
  for (const group of groups(run.tests)) {
    const failed = results.some((result) => result.status !== "passed");
    if (failed && run.stopAtFirstFailure) results.push(...group.map(() => notRun));
    else results.push(...(await runGroup(run, group)));
  }
  return results;
}

const notRun: TestResult = { status: "not-run", wallMilliseconds: 0 };

const languages: readonly Program["language"][] = ["python", "javascript", "typescript", "cpp"];
const kinds: readonly ProgramTest["kind"][] = ["io", "call", "assertions"];

function checkTests({ program, tests }: ProgramRun): void {
  // Rows of a file come without the compiler's check.
  if (!languages.includes(program.language))
    throw new TypeError(`language must be one of ${languages.join(", ")}, got ${program.language}`);
  const unknown = tests.find((test) => !kinds.includes(test.kind));
  if (unknown !== undefined)
    throw new TypeError(`a test's kind must be one of ${kinds.join(", ")}, got ${unknown.kind}`);
  if (tests.length === 0) throw new RangeError("a program needs at least one test: none proves nothing");
  if (program.language === "cpp" && tests.some((test) => test.kind === "assertions"))
    throw new TypeError(
      "assertion tests are code in the program's language that calls it from outside, which C++ has no way for; use call or io tests",
    );
}

/** Neighbouring tests of one kind, in order. */
function groups(tests: readonly ProgramTest[]): ProgramTest[][] {
  const all: ProgramTest[][] = [];
  for (const test of tests) {
    const last = all.at(-1);
    if (last?.[0] !== undefined && (last[0].kind === "io") === (test.kind === "io")) last.push(test);
    else all.push([test]);
  }
  return all;
}

const isInputOutput = (test: ProgramTest): test is InputOutputTest => test.kind === "io";
const isCalled = (test: ProgramTest): test is CallTest | AssertionTest => test.kind !== "io";

async function runGroup(run: ProgramRun, tests: readonly ProgramTest[]): Promise<TestResult[]> {
  if (tests.every(isInputOutput)) return runInputOutput(run, tests);
  const called = tests.filter(isCalled);
  if (run.program.language === "cpp") return runCppCalls(run, called);
  const script = await scriptOf(run);
  if ("failure" in script) return tests.map(() => script.failure);
  const results = await runCalls({
    ...run,
    program: script,
    tests: await Promise.all(called.map((test) => stripTestTypes(run, test))),
    checkText: (_checker, test, actual) => checkValue(run, test, actual),
  });
  return results.flat();
}

async function runInputOutput(run: ProgramRun, tests: readonly InputOutputTest[]): Promise<TestResult[]> {
  const executor = await executorOf(run);
  if ("failure" in executor) return tests.map(() => executor.failure);
  return inTurn(run, executor, tests, (test) => runInputOutputTest(executor, test, run.sandbox, run.limits));
}

async function runCppCalls(
  run: ProgramRun,
  tests: readonly (CallTest | AssertionTest)[],
): Promise<TestResult[]> {
  const calls = new CppCalls(run.sandbox, run.program.source, run.limits, (test, actual) =>
    checkValue(run, test, actual),
  );
  return inTurn(
    run,
    calls,
    tests.filter((test) => test.kind === "call"),
    (test) => calls.run(test),
  );
}

/** A checking program's verdict on a returned value, all of it as JSON text. */
async function checkValue(run: ProgramRun, test: CallTest, actual: string): Promise<boolean> {
  if (test.checker?.kind !== "program") return false;
  const files = { input: JSON.stringify(test.arguments), actual, expected: JSON.stringify(test.expected) };
  return (await checkByProgram(run.sandbox, test.checker.program, files, run.limits)).accepted;
}

/** One test after another, up to the first failure if that is asked; nothing is left running. */
async function inTurn<Test>(
  run: ProgramRun,
  executor: Pick<Executor, "close">,
  tests: readonly Test[],
  runOne: (test: Test) => Promise<TestResult>,
): Promise<TestResult[]> {
  const results: TestResult[] = [];
  try {
    for (const test of tests) {
      const result = await runOne(test);
      results.push(result);
      if (result.status !== "passed" && run.stopAtFirstFailure) break;
    }
  } finally {
    await executor.close();
  }
  return [...results, ...tests.slice(results.length).map(() => notRun)];
}

interface NotReady {
  readonly failure: TestResult;
}

const compileError = (detail: string): NotReady => ({
  failure: { status: "compile-error", detail, wallMilliseconds: 0 },
});

async function executorOf({ sandbox, program, limits }: ProgramRun): Promise<Executor | NotReady> {
  const { language, source } = program;
  if (language === "python")
    return sandbox.kind === "bubblewrap"
      ? new PythonExecutor(sandbox, source, limits)
      : pythonScriptExecutor(sandbox, source, limits);
  if (language === "javascript") return javascriptExecutor(sandbox, source, limits);
  const compiled = await (language === "cpp" ? compileCpp : stripTypes)(sandbox, source);
  if (!compiled.ok) return compileError(compiled.detail);
  return language === "cpp"
    ? binaryExecutor(sandbox, compiled.output, limits)
    : javascriptExecutor(sandbox, textOf(compiled.output), limits);
}

type Script = { readonly language: "python" | "javascript"; readonly source: string };

async function scriptOf({ sandbox, program }: ProgramRun): Promise<Script | NotReady> {
  if (program.language === "python") return { language: "python", source: program.source };
  if (program.language === "javascript") return { language: "javascript", source: program.source };
  const stripped = await stripTypes(sandbox, program.source);
  return stripped.ok
    ? { language: "javascript", source: textOf(stripped.output) }
    : compileError(stripped.detail);
}

/** Test code of a TypeScript program is TypeScript too. */
async function stripTestTypes<Test extends CallTest | AssertionTest>(
  { sandbox, program }: ProgramRun,
  test: Test,
): Promise<Test> {
  if (program.language !== "typescript" || test.kind !== "assertions") return test;
  const parts = await Promise.all(
    [test.code, test.setup ?? ""].map(async (code) => {
      const stripped = await stripTypes(sandbox, code);
      if (!stripped.ok) throw new TypeError(`test code does not parse: ${stripped.detail}`);
      return textOf(stripped.output);
    }),
  );
  return { ...test, code: parts[0] ?? "", ...(test.setup === undefined ? {} : { setup: parts[1] ?? "" }) };
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
