/** Runs function-call and assertion tests: the program in one sandbox, the judge of assertions in another. */
import type { Sandbox } from "../sandbox.ts";
import type { AssertionTest, CallTest, Checker, Limits, TestResult } from "../test-case.ts";
import type { HarnessLanguage } from "./commands.ts";
import { fill, notRun } from "./results.ts";
import { Session, type StartProcess } from "./session.ts";

export interface CallRequest {
  readonly sandbox: Sandbox;
  readonly program: { readonly language: HarnessLanguage; readonly source: string };
  readonly tests: readonly (CallTest | AssertionTest)[];
  /** Of one test; loading the program may take as long again. */
  readonly limits: Limits;
  readonly stopAtFirstFailure?: boolean;
  /**
   * Names of the test code that mean the program's even if they are a builtin's or a library's. Without them
   * every name that the test code neither defines nor imports, and that is no builtin, is the program's.
   */
  readonly entryPoints?: readonly string[];
  /** Decides for `program` checkers; gets the returned value as JSON text. */
  readonly checkText?: (checker: Checker, test: CallTest, actual: string) => Promise<boolean>;
}

/**
 * The results of each test, in order; an assertion test has one for every top-level `assert` of its code.
 * The program is loaded once and serves the tests one after another, as a test file would; a test that kills
 * it or runs out of time gets the next one a fresh start. Nothing is left running when this resolves.
 */
export async function runCalls(request: CallRequest): Promise<TestResult[][]> {
  const start: StartProcess = (command) => request.sandbox.start(command);
  const results: TestResult[][] = [];
  let session: Session | null = null;
  try {
    for (const test of request.tests) {
      if (session?.isOver !== false) {
        await session?.close();
        session = new Session(start, request.program.language, request.limits);
        const left = request.tests.slice(results.length);
        const needsJudge = left.some(({ kind }) => kind === "assertions");
        const failure = await session.load(request.program.source, needsJudge);
        if (failure !== null) {
          // Loading fails the same way every time: for all that is left.
          results.push(...left.map(() => [failure]));
          return results;
        }
      }
      results.push(await runOne(session, test, request));
      if (request.stopAtFirstFailure === true && results.at(-1)?.some((one) => one.status !== "passed"))
        break;
    }
  } finally {
    await session?.close();
  }
  return results.concat(request.tests.slice(results.length).map(() => fill([], 1).map(() => notRun)));
}

async function runOne(
  session: Session,
  test: CallTest | AssertionTest,
  request: CallRequest,
): Promise<TestResult[]> {
  if (test.kind === "assertions")
    return session.assertions(test, request.entryPoints ?? [], request.stopAtFirstFailure === true);
  const { checker } = test;
  const { checkText } = request;
  if (checker?.kind !== "program") return [await session.call(test)];
  if (checkText === undefined) throw new Error("a `program` checker needs CallRequest.checkText");
  return [await session.call(test, (actual) => checkText(checker, test, actual))];
}
