/** The runners of function-call tests as sandbox commands: the same for every program, so that a pool can keep
 * them started; the program and the tests come over standard input. */
import { readFileSync } from "node:fs";
import type { SandboxCommand } from "../sandbox.ts";
import type { Limits } from "../test-case.ts";

export type HarnessLanguage = "python" | "javascript";
/** Who lives in the process: the program under test, or the judge with the dataset's test code. */
export type HarnessRole = "program" | "judge";

const folders = {
  python: {
    program: ["wire.py", "peer.py", "remote.py", "program.py"],
    judge: ["wire.py", "peer.py", "remote.py", "judge.py"],
  },
  javascript: {
    program: ["wire.mjs", "peer.mjs", "program.mjs"],
    judge: ["wire.mjs", "peer.mjs", "judge.mjs"],
  },
} as const;

const loaded = new Map<string, Readonly<Record<string, string>>>();

/**
 * A runner's files. Python's is one file, the shared part and its own, since an isolated interpreter imports
 * nothing from its folder.
 */
function runnerFiles(language: HarnessLanguage, role: HarnessRole): Readonly<Record<string, string>> {
  const key = `${language}/${role}`;
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const texts = folders[language][role].map((name): [string, string] => [
    name,
    readFileSync(new URL(`${language}/${name}`, import.meta.url), "utf8"),
  ]);
  const files =
    language === "python"
      ? { "runner.py": texts.map(([, text]) => text).join("\n") }
      : Object.fromEntries(texts);
  loaded.set(key, files);
  return files;
}

/** Limits for a whole process, which serves several tests: the harness times each test itself. */
const longestSessionSeconds = 3600;
const protocolKilobytes = 96 * 1024;

/**
 * The command that starts a runner. It waits for its job on standard input. `limits` are those of one test;
 * processor and wall time are widened for the whole session, memory, processes and files are kept.
 */
export function harnessCommand(language: HarnessLanguage, role: HarnessRole, limits: Limits): SandboxCommand {
  const python = language === "python";
  return {
    runtime: python ? "python" : "node",
    parameters: python ? ["-I", "-B", "runner.py"] : [`${role}.mjs`],
    files: runnerFiles(language, role),
    waits: true,
    limits: {
      ...limits,
      wallSeconds: longestSessionSeconds,
      cpuSeconds: longestSessionSeconds,
      outputKilobytes: protocolKilobytes,
    },
  };
}
