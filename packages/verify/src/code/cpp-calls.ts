/** Function-call tests of C++ programs: a generated `main` reads the arguments and writes the value as JSON. */
import { readFileSync } from "node:fs";
import type { JsonValue } from "../outcome.ts";
import { compileCpp } from "./compile-program.ts";
import type { Execution, Executor } from "./execution.ts";
import { comparisonOf, describeValue, equalValues } from "./harness/compare-values.ts";
import { WireMap, type WireValue } from "./harness/wire-value.ts";
import { binaryExecutor } from "./process-executor.ts";
import type { Sandbox } from "./sandbox.ts";
import type { CallTest, Limits, TestResult } from "./test-case.ts";

const header = readFileSync(new URL("runners/call.hpp", import.meta.url), "utf8");

/**
 * The program with a `main` that calls `function` (`name`, or `Class.method` on a fresh object; LeetCode's
 * `Solution().method` too). A `main` of the program's own is renamed. What the program prints goes to standard
 * error, so that standard output carries the value alone.
 */
export function callProgram(source: string, functionName: string): string {
  const name = /^(?:([A-Za-z_]\w*)(?:\(\))?(?:\.|::))?([A-Za-z_]\w*)$/.exec(functionName);
  if (name === null)
    throw new TypeError(
      `a C++ call test names a function, or a class and its method, as f or Solution.f; got ${JSON.stringify(functionName)}`,
    );
  const target = name[1] === undefined ? name[2] : `${name[1]}::${name[2]}`;
  return `${header}
#define main program_main
#line 1 "main.cpp"
${source}
#undef main
#undef int
#undef long
#undef char
#undef return
#undef while
#undef if
int main() {
  int answer = ::dup(1);
  ::dup2(2, 1);
  std::string json((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  std::string value = ::aha_call::run(&${target}, json);
  std::fflush(stdout);
  std::cout.flush();
  for (std::size_t sent = 0; sent < value.size();) {
    auto size = ::write(answer, value.data() + sent, value.size() - sent);
    if (size <= 0) ::_exit(4);
    sent += size;
  }
  ::_exit(0);
}
`;
}

/** How a value that is no JSON text is compared by a checking program. */
export type TextCheck = (test: CallTest, actual: string) => Promise<boolean>;

/** Runs call tests of one program, compiling once for each function they call. */
export class CppCalls {
  readonly #sandbox: Sandbox;
  readonly #source: string;
  readonly #limits: Limits;
  readonly #checkText: TextCheck;
  readonly #executors = new Map<string, Promise<Executor | { readonly detail: string }>>();

  constructor(sandbox: Sandbox, source: string, limits: Limits, checkText: TextCheck) {
    this.#sandbox = sandbox;
    this.#source = source;
    this.#limits = limits;
    this.#checkText = checkText;
  }

  async run(test: CallTest): Promise<TestResult> {
    let ready = this.#executors.get(test.function);
    if (ready === undefined) {
      ready = this.#prepare(test.function);
      this.#executors.set(test.function, ready);
    }
    const executor = await ready;
    if ("detail" in executor)
      return { status: "compile-error", detail: executor.detail, wallMilliseconds: 0 };
    const execution = await executor.run(JSON.stringify(test.arguments));
    return execution.status === "finished" ? this.#compare(test, execution) : execution;
  }

  async close(): Promise<void> {
    for (const ready of this.#executors.values()) {
      const executor = await ready;
      if ("close" in executor) await executor.close();
    }
  }

  async #prepare(functionName: string): Promise<Executor | { readonly detail: string }> {
    const compiled = await compileCpp(this.#sandbox, callProgram(this.#source, functionName));
    return compiled.ok
      ? binaryExecutor(this.#sandbox, compiled.output, this.#limits)
      : { detail: compiled.detail };
  }

  async #compare(
    test: CallTest,
    { stdout, wallMilliseconds }: Extract<Execution, { readonly status: "finished" }>,
  ): Promise<TestResult> {
    const value = readValue(stdout);
    if (value === undefined)
      return { status: "failed", detail: "the program ended without a value", wallMilliseconds };
    const passed =
      test.checker?.kind === "program"
        ? await this.#checkText(test, stdout)
        : equalValues(value, test.expected, comparisonOf(test.checker, "cpp"));
    if (passed) return { status: "passed", wallMilliseconds };
    const expected = describeValue(asWire(test.expected));
    return {
      status: "failed",
      detail: `returned ${describeValue(value)}, expected ${expected}`,
      wallMilliseconds,
    };
  }
}

function readValue(text: string): WireValue | undefined {
  try {
    return asWire(JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

function asWire(value: JsonValue): WireValue {
  if (Array.isArray(value)) return value.map(asWire);
  if (value === null || typeof value !== "object") return value;
  const map = new WireMap();
  for (const [key, item] of Object.entries(value)) map.entries.push([key, asWire(item)]);
  return map;
}
