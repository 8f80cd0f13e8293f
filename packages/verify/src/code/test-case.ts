/** What a program is tested with, and what came of it; the words of `runTests`. */
import type { JsonValue, Outcome } from "../outcome.ts";

export type ProgramLanguage = "python" | "javascript" | "typescript" | "cpp";

export interface Program {
  readonly language: ProgramLanguage;
  readonly source: string;
}

/** How an output is compared with the expected one; comparison always happens outside the sandbox. */
export type Checker =
  /** Equal after trimming the end of every line and of the whole; the default for `io`. */
  | { readonly kind: "lines" }
  /** Equal white-space separated words, numbers within the tolerance (absolute or relative). */
  | { readonly kind: "tokens"; readonly tolerance?: number }
  /** The same lines (or the same elements of a list) in any order. */
  | { readonly kind: "any-order"; readonly tolerance?: number }
  /** Equal JSON values, numbers within the tolerance; the default for `call`. */
  | { readonly kind: "value"; readonly tolerance?: number }
  /** A checking program of the dataset, run in a sandbox of its own: sees input, expected and actual as files. */
  | { readonly kind: "program"; readonly program: Program };

/** Standard input in, standard output out. */
export interface InputOutputTest {
  readonly kind: "io";
  readonly stdin: string;
  readonly stdout: string;
  readonly checker?: Checker;
}

/** `function(...arguments)` must return `expected`; the expected value never enters the program's sandbox. */
export interface CallTest {
  readonly kind: "call";
  readonly function: string;
  readonly arguments: readonly JsonValue[];
  readonly expected: JsonValue;
  readonly checker?: Checker;
}

/**
 * Test code of a dataset (HumanEval's `check(candidate)`, MBPP's `assert` lines). It runs in a process of its
 * own; the program's functions are reached by value over a pipe, so that the program can neither see nor patch it.
 */
export interface AssertionTest {
  readonly kind: "assertions";
  readonly code: string;
  /** Runs before `code` in the same namespace (MBPP's `test_setup_code`, HumanEval's entry point binding). */
  readonly setup?: string;
}

export type ProgramTest = InputOutputTest | CallTest | AssertionTest;

/** What one run may use; a limit passed is an outcome, never a hang. */
export interface Limits {
  /** Wall clock per test. */
  readonly wallSeconds: number;
  /** Processor time per test. */
  readonly cpuSeconds: number;
  /** Memory of all the sandbox's processes together, MiB. */
  readonly memoryMegabytes: number;
  readonly processes: number;
  /** The largest file, and all of the private /tmp, MiB. */
  readonly fileMegabytes: number;
  /** Standard output and error together, KiB. */
  readonly outputKilobytes: number;
}

export type TestStatus =
  | "passed"
  | "failed"
  | "timeout"
  | "memory"
  | "output-limit"
  | "crashed"
  | "compile-error"
  | "not-run"
  | "error";

export interface TestResult {
  readonly status: TestStatus;
  /** One line for a human: why it did not pass. */
  readonly detail?: string;
  readonly wallMilliseconds: number;
}

export type SandboxKind = "bubblewrap" | "pyodide";

export interface TestReport {
  /** `correct` when every test passed; `timeout` when one ran out of time; `unparsed` when it does not compile. */
  readonly outcome: Outcome;
  readonly passed: number;
  readonly total: number;
  readonly tests: readonly TestResult[];
  /** Which sandbox ran it. */
  readonly sandbox: SandboxKind;
}
