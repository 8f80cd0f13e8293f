/** Math-Verify in a virtual environment of its own, `.venvs/math-verify`, which nothing but the benchmark uses. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../src/outcome.ts";

const workspace = join(import.meta.dirname, "../../..");
const environment = join(workspace, ".venvs/math-verify");
const python = join(environment, "bin/python");
const requirements = join(import.meta.dirname, "math-verify/requirements.txt");
const stamp = join(environment, "aha-complete.txt");

/** See math-verify/judge.py. */
export type PeerMode = "shipped" | "fast" | "fastest";

export interface PeerResult {
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Wall clock of each pair. */
  readonly pairSeconds: readonly number[];
  readonly verdicts: readonly Outcome[];
}

export interface PeerPair {
  readonly gold: string;
  readonly prediction: string;
}

export class PeerError extends Error {
  override readonly name = "PeerError";
}

function execute(command: string, parameters: readonly string[], input = ""): string {
  const result = spawnSync(command, parameters, { input, encoding: "utf8", maxBuffer: 2 ** 30 });
  if (result.status === 0) return result.stdout;
  const why = result.error?.message ?? result.stderr.slice(-2_000);
  throw new PeerError(`Expected \`${[command, ...parameters].join(" ")}\` to succeed; it did not: ${why}`);
}

/** Makes the environment once for these very requirements; needs a `python3` with venv, and pip's index. */
export function ensurePeer(say: (line: string) => void): void {
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say(`installing Math-Verify into ${environment}`);
  execute("python3", ["-m", "venv", "--clear", environment]);
  execute(python, ["-m", "pip", "install", "--quiet", "--no-input", "-r", requirements]);
  writeFileSync(stamp, wanted);
}

/** Judges all pairs in one Python process, warm, one after the other; the clock covers the judging alone. */
export function judgeWithPeer(pairs: readonly PeerPair[], mode: PeerMode): PeerResult {
  const lines = pairs.map(({ gold, prediction }) => JSON.stringify({ gold, prediction })).join("\n");
  return JSON.parse(
    execute(python, [join(import.meta.dirname, "math-verify/judge.py"), mode], lines),
  ) as PeerResult;
}

type KeptVerdicts = Record<string, readonly [verdict: Outcome, seconds: number]>;

/**
 * Its verdicts as shipped, kept beside the environment by pair: they do not change while ours is worked on, and
 * making them takes minutes.
 */
export function peerVerdicts(pairs: readonly PeerPair[]): { verdict: Outcome; seconds: number }[] {
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 8);
  const path = join(environment, `verdicts-${version}.json`);
  const kept: KeptVerdicts = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const key = ({ gold, prediction }: PeerPair): string => JSON.stringify([gold, prediction]);
  const missing = pairs.filter((pair) => !kept[key(pair)]);
  const result = judgeWithPeer(missing, "shipped");
  missing.forEach((pair, index) => {
    kept[key(pair)] = [result.verdicts[index] ?? "error", result.pairSeconds[index] ?? 0];
  });
  writeFileSync(path, JSON.stringify(kept));
  return pairs.map((pair) => {
    const [verdict, seconds] = kept[key(pair)] ?? ["error", 0];
    return { verdict, seconds };
  });
}
