/** A program in its sandbox and, where test code has to run, a judge in another; the host passes their words. */
import type { JsonValue } from "../../outcome.ts";
import type { SandboxCommand, SandboxProcess } from "../sandbox.ts";
import type { AssertionTest, CallTest, Limits, TestResult } from "../test-case.ts";
import { type HarnessLanguage, harnessCommand } from "./commands.ts";
import { comparisonOf, describeValue, equalValues } from "./compare-values.ts";
import { Endpoint, isFrame } from "./endpoint.ts";
import { describeError, readJson, readVerdict } from "./replies.ts";
import { ended, fill, judgeEnded, notStarted, passedWithoutUse, result } from "./results.ts";
import { applyChange, decodeWire, encodeJson, textOf, WireError, type WireValue } from "./wire-value.ts";

/** Starts a sandboxed process: `sandbox.start`, or a pool that keeps runners ready. */
export type StartProcess = (command: SandboxCommand) => SandboxProcess;

/** Starting an interpreter is our cost, not the program's. */
const startMilliseconds = 60_000;

export class Session {
  private readonly program: Endpoint;
  private judge: Endpoint | null = null;
  private readonly start: StartProcess;
  private readonly language: HarnessLanguage;
  private readonly limits: Limits;
  /** Why the session cannot serve another test; null while it can. */
  private over: TestResult | null = null;

  constructor(start: StartProcess, language: HarnessLanguage, limits: Limits) {
    this.start = start;
    this.language = language;
    this.limits = limits;
    this.program = new Endpoint(start(harnessCommand(language, "program", limits)));
  }

  get isOver(): boolean {
    return this.over !== null;
  }

  /** Loads the program. The result says why it cannot be tested, or null. */
  async load(source: string, needsJudge: boolean): Promise<TestResult | null> {
    if (needsJudge)
      this.judge = new Endpoint(this.start(harnessCommand(this.language, "judge", this.limits)));
    for (const endpoint of this.judge === null ? [this.program] : [this.program, this.judge]) {
      const asked = performance.now();
      const ready = await endpoint.next(asked + startMilliseconds);
      if (!isFrame(ready)) return this.finish(notStarted(ready, asked));
    }
    const started = performance.now();
    this.program.send("J", { source });
    const answer = await this.program.next(started + this.limits.wallSeconds * 1000);
    if (!isFrame(answer)) return this.finish(ended(answer, started, "while loading"));
    const outcome = answer.letter === "L" ? readJson(answer) : null;
    if (outcome === null || typeof outcome !== "object" || Array.isArray(outcome))
      return this.finish(result("crashed", started, "the program broke the protocol while loading"));
    if (typeof outcome.error !== "string") return null;
    const status = outcome.syntax === true ? "compile-error" : "crashed";
    return this.finish(result(status, started, `loading the program: ${outcome.error.slice(0, 500)}`));
  }

  /** One call whose value is compared here. */
  async call(test: CallTest, checkText?: (actual: string) => Promise<boolean>): Promise<TestResult> {
    const started = performance.now();
    const deadline = started + this.limits.wallSeconds * 1000;
    const sent = ["t", ...test.arguments.map(encodeJson)];
    this.program.send("Q", { o: "invoke", t: test.function, a: sent });
    const answer = await this.program.next(deadline);
    if (!isFrame(answer)) return this.finish(ended(answer, started, "in the call"));
    const reply = answer.letter === "A" ? readJson(answer) : null;
    if (reply === null || typeof reply !== "object" || Array.isArray(reply))
      return this.finish(result("crashed", started, "the program broke the protocol"));
    if (reply.e !== undefined) return result("failed", started, `raised ${describeError(reply.e)}`);
    return this.compareReply(test, reply, started, checkText);
  }

  private async compareReply(
    test: CallTest,
    reply: { [key: string]: JsonValue },
    started: number,
    checkText?: (actual: string) => Promise<boolean>,
  ): Promise<TestResult> {
    let value: WireValue;
    try {
      const containers: WireValue[] = [];
      for (const argument of test.arguments) decodeWire(encodeJson(argument), containers);
      for (const change of Array.isArray(reply.u) ? reply.u : []) applyChange(change, containers);
      value = decodeWire(reply.v, containers);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.finish(result("crashed", started, `the program broke the protocol: ${error.message}`));
    }
    const equal =
      checkText === undefined
        ? equalValues(value, test.expected, comparisonOf(test.checker, this.language))
        : await checkText(textOf(value));
    if (equal) return result("passed", started);
    const expected = JSON.stringify(test.expected).slice(0, 200);
    return result("failed", started, `returned ${describeValue(value)}, expected ${expected}`);
  }

  /** Runs test code in the judge; one result per test in it. */
  async assertions(
    test: AssertionTest,
    entryPoints: readonly string[],
    stopAtFirstFailure: boolean,
  ): Promise<TestResult[]> {
    const judge = this.judge;
    if (judge === null) throw new Error("the session was loaded without a judge");
    const results: TestResult[] = [];
    let planned = 1;
    let began = performance.now();
    let deadline = began + this.limits.wallSeconds * 1000;
    judge.send("J", { code: test.code, setup: test.setup ?? "", entryPoints });
    let speaker = judge;
    const stop = (last: TestResult): TestResult[] => {
      results.push(this.finish(last));
      return fill(results, planned);
    };
    while (true) {
      const heard = await speaker.next(deadline);
      if (!isFrame(heard)) {
        const where = speaker === judge ? "in the judge" : "in a call";
        return stop(speaker === judge ? judgeEnded(heard, began, where) : ended(heard, began, where));
      }
      if (heard.letter === "Q" || heard.letter === "A") {
        if (speaker === judge && this.program.hasFrame)
          return stop(result("crashed", began, "the program broke the protocol: it spoke out of turn"));
        speaker = speaker === judge ? this.program : judge;
        speaker.forward(heard);
        continue;
      }
      const verdict = speaker === judge && heard.letter === "V" ? readVerdict(heard) : null;
      if (verdict === null) return stop(result("crashed", began, "the program broke the protocol"));
      if (verdict.event === "unusable") return stop(result("error", began, verdict.detail));
      if (verdict.event === "done") return verdict.used === true ? results : results.map(passedWithoutUse);
      if (verdict.event === "plan") {
        planned = Math.max(1, Math.min(verdict.count ?? 1, 100_000));
        continue;
      }
      results.push(result(verdict.passed === true ? "passed" : "failed", began, verdict.detail));
      if (stopAtFirstFailure && verdict.passed !== true) {
        await this.close();
        this.over ??= result("not-run", began);
        return fill(results, planned);
      }
      began = performance.now();
      deadline = began + this.limits.wallSeconds * 1000;
    }
  }

  /** Ends both processes; resolves when nothing is left of them. */
  async close(): Promise<void> {
    await Promise.all([this.program.close(), this.judge?.close()]);
  }

  private finish(last: TestResult): TestResult {
    this.over = last;
    return last;
  }
}
