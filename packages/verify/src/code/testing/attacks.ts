/** Runs programs that attack the sandbox: each is a test that must not pass, hang or leave anything behind. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { probeBubblewrap } from "../describe-sandbox.ts";
import { runTests } from "../run-tests.ts";
import type { Limits, ProgramLanguage, TestStatus } from "../test-case.ts";

export const bubblewrap = await probeBubblewrap();
export const skip = bubblewrap.available ? false : `no bubblewrap: ${bubblewrap.reason}`;

/** Small, so that a hole costs little. */
export const attackLimits: Limits = {
  wallSeconds: 3,
  cpuSeconds: 2,
  memoryMegabytes: 128,
  processes: 16,
  fileMegabytes: 16,
  outputKilobytes: 256,
};

/** In the command line of whatever an attack leaves running, and in the name of every file it leaves. */
export const marker = `aha-attack-${process.pid}`;

export interface Attack {
  readonly language?: ProgramLanguage;
  readonly source: string;
  /** How the run may end; never `passed`. Default: it ran to its end without getting through. */
  readonly ends?: readonly TestStatus[];
  /** What the result's detail must say; by default, that the program itself found its way barred. */
  readonly says?: RegExp;
  readonly limits?: Partial<Limits>;
  /** The inputs of several runs, one after another in the same sandbox. Default: one empty input. */
  readonly inputs?: readonly string[];
}

/** An attack prints this where it got through, which is also the expected output: then it would pass. */
export const through = "ESCAPED";

/** Registers one attack as a test. */
export function attack(name: string, { language = "python", source, ...rest }: Attack): void {
  const ends = rest.ends ?? ["failed"];
  const says = rest.says ?? (rest.ends === undefined ? /got "contained/ : /./);
  test(name, { skip, timeout: 120_000 }, async () => {
    const tests = (rest.inputs ?? [""]).map((stdin) => ({ kind: "io", stdin, stdout: through }) as const);
    // Only what should run out of time gets little of it: the machine may be busy.
    const time = ends.includes("timeout") ? {} : { wallSeconds: 60, cpuSeconds: 30 };
    const report = await runTests({ language, source: source.replaceAll("MARKER", marker) }, tests, {
      ...attackLimits,
      ...time,
      ...rest.limits,
    });
    const told = JSON.stringify(report, null, 1);
    assert.equal(report.passed, 0, told);
    for (const result of report.tests) {
      assert.ok(ends.includes(result.status), told);
      assert.match(result.detail ?? "", says, told);
    }
    assert.deepEqual(leftProcesses(), [], "processes left behind");
    assert.deepEqual(leftFiles(), [], "files left behind");
  });
}

/** Command lines on this machine with the mark, or the numbers of their processes. */
export function leftProcesses(mark = marker, what: "lines" | "ids" = "lines"): string[] {
  return readdirSync("/proc")
    .filter((name) => name >= "0" && name < ":" && Number(name) !== process.pid)
    .filter((name) => commandLine(name).includes(mark))
    .map((name) => (what === "ids" ? name : commandLine(name)))
    .filter((line) => line !== "");
}

export function commandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

export function leftFiles(): string[] {
  return ["/tmp", "/dev/shm", "/var/tmp", process.cwd()].flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => name.includes(marker));
    } catch {
      return [];
    }
  });
}
