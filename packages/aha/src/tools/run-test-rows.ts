/** The work of `aha run-tests`: programs run against their tests in a sandbox. */

import { type Checker, type Program, type ProgramTest, runTests } from "@aha/verify";
import { z } from "zod";
import type { JudgedRow, RunTestsRequest } from "../contracts/work.ts";
import { judgeRows, RowError } from "./judge-rows.ts";

const json = z.json();
const language = z.enum(["python", "javascript", "typescript", "cpp"]);
const program: z.ZodType<Program> = z.object({ language, source: z.string() });
const tolerance = z.exactOptional(z.number().nonnegative());
const checker: z.ZodType<Checker> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("lines") }),
  z.strictObject({ kind: z.literal("tokens"), tolerance }),
  z.strictObject({ kind: z.literal("any-order"), tolerance }),
  z.strictObject({ kind: z.literal("value"), tolerance }),
  z.strictObject({ kind: z.literal("program"), program }),
]);
const checkerOption = z.exactOptional(checker);
const test: z.ZodType<ProgramTest> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("io"), stdin: z.string(), stdout: z.string(), checker: checkerOption }),
  z.strictObject({
    kind: z.literal("call"),
    function: z.string(),
    arguments: z.array(json),
    expected: json,
    checker: checkerOption,
  }),
  z.strictObject({ kind: z.literal("assertions"), code: z.string(), setup: z.exactOptional(z.string()) }),
]);

/** `program` as text, or as `{language, source}`; a test without `kind` is told by its fields. */
const row = z.object({
  language: language.optional(),
  program: z.union([z.string(), program]),
  tests: z.array(z.preprocess(withKind, test)).min(1),
});

function withKind(value: unknown): unknown {
  if (typeof value === "string") return { kind: "assertions", code: value };
  if (typeof value !== "object" || value === null || "kind" in value) return value;
  if ("input" in value && "output" in value) return { kind: "io", stdin: value.input, stdout: value.output };
  const kind = "stdin" in value ? "io" : "function" in value ? "call" : "assertions";
  return { kind, ...value };
}

/** Rows `{"language", "program", "tests"}`; other columns are kept. */
export function runTestRows(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
  request: RunTestsRequest,
): AsyncIterable<JudgedRow> {
  const { concurrency, ...options } = request;
  return judgeRows(chunks, {
    source,
    concurrency,
    judge: async (columns) => {
      const result = row.safeParse(columns);
      if (!result.success) throw new RowError(explain(result.error));
      const report = await runTests(programOf(result.data), result.data.tests, { ...options, concurrency });
      const { outcome, passed, total, sandbox } = report;
      const tests = report.tests.map(({ status, detail, wallMilliseconds }) => ({
        ...{
          status,
          ...(detail === undefined ? {} : { detail }),
          wallMilliseconds: Math.round(wallMilliseconds),
        },
      }));
      return { outcome, passed, total, sandbox, results: tests };
    },
  });
}

function programOf({ language, program }: z.output<typeof row>): Program {
  if (typeof program !== "string") return program;
  if (language !== undefined) return { language, source: program };
  throw new RowError('expected "language" to be python, javascript, typescript or cpp, got nothing');
}

function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "expected a program with tests";
  return `expected {"language", "program", "tests"}; ${issue.path.join(".")}: ${issue.message}`;
}
