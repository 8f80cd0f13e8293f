/** A dataset's checking program, in a sandbox of its own: sees input, actual and expected output as files. */
import { compileCpp, stripTypes } from "./compile-program.ts";
import { describeEnd, describeStop } from "./execution.ts";
import { nodeFlags } from "./process-executor.ts";
import type { Sandbox, SandboxCommand } from "./sandbox.ts";
import { SandboxError } from "./sandbox-error.ts";
import type { Limits, Program } from "./test-case.ts";

export interface CheckedFiles {
  readonly input: string;
  readonly actual: string;
  readonly expected: string;
}

export type ProgramVerdict =
  | { readonly accepted: true }
  /** `broken`: the checker itself failed. */
  | { readonly accepted: false; readonly broken: boolean; readonly detail: string };

/** Arguments in testlib's order: input, the program's output, the expected output. */
const names = ["input.txt", "actual.txt", "expected.txt"] as const;

/**
 * The checker accepts by exit code 0 and refuses by any other, as testlib's do; it is the dataset's own program,
 * but reads what an untrusted one wrote, so it has a sandbox and the same limits.
 */
export async function checkByProgram(
  sandbox: Sandbox,
  checker: Program,
  files: CheckedFiles,
  limits: Limits,
): Promise<ProgramVerdict> {
  const ready = await readyChecker(sandbox, checker, limits);
  const running = sandbox.start({
    ...ready,
    files: {
      ...ready.files,
      "input.txt": files.input,
      "actual.txt": files.actual,
      "expected.txt": files.expected,
    },
    limits,
  });
  running.stdin.end();
  let said = "";
  for (const stream of [running.stdout, running.stderr])
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-2000);
    });
  const exit = await running.exited;
  const stop = describeStop(exit, said);
  if (stop !== null) return { accepted: false, broken: true, detail: `checker: ${stop.detail}` };
  if (exit.code === 0) return { accepted: true };
  const { detail } = describeEnd(exit, said);
  return { accepted: false, broken: exit.signal !== null, detail: `checker: ${detail}` };
}

type ReadyChecker = Pick<SandboxCommand, "runtime" | "parameters" | "files">;

/** Compiled once for all the tests that share a checker. */
const compiled = new WeakMap<Program, Promise<Uint8Array>>();

async function readyChecker(sandbox: Sandbox, checker: Program, limits: Limits): Promise<ReadyChecker> {
  const { language, source } = checker;
  if (language === "python")
    return { runtime: "python", parameters: ["-s", "checker.py", ...names], files: { "checker.py": source } };
  if (language === "javascript") return nodeChecker(source, limits);
  let output = compiled.get(checker);
  if (output === undefined) {
    output = compileChecker(sandbox, checker);
    compiled.set(checker, output);
  }
  if (language === "typescript") return nodeChecker(await output, limits);
  return { runtime: "cpp", parameters: ["./checker", ...names], files: { checker: await output } };
}

function nodeChecker(source: string | Uint8Array, limits: Limits): ReadyChecker {
  const parameters = [...nodeFlags(limits), "checker.js", ...names];
  return { runtime: "node", parameters, files: { "checker.js": source } };
}

async function compileChecker(sandbox: Sandbox, checker: Program): Promise<Uint8Array> {
  const compile = checker.language === "cpp" ? compileCpp : stripTypes;
  const result = await compile(sandbox, checker.source);
  if (!result.ok) throw new SandboxError(`a dataset's checker does not compile: ${result.detail}`);
  return result.output;
}
