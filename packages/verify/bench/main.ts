/**
 * Measures verifyMath beside Math-Verify on the same pairs: error rates by suite against labels of known truth, and
 * pairs a second. `node --import tsx packages/verify/bench/main.ts [--seed N] [--rounds N] [--sample N] [--limit N]`; writes
 * results/math.json, results/math.md and results/math-disagreements.jsonl.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { judgeMath } from "../src/math/judge-math.ts";
import { makeMathVerifier } from "../src/pool/verify-math.ts";
import { readFrozenSuites, readHandmadePairs } from "../test/pairs/frozen-suites.ts";
import { makePairs } from "../test/pairs/make-pairs.ts";
import type { Pair } from "../test/pairs/pair.ts";
import { makeRandom } from "../test/pairs/random.ts";
import { ensurePeer, judgeWithPeer, type PeerMode, peerVerdicts } from "./peer.ts";
import { ratesBy } from "./rates.ts";
import { type BenchResult, type Throughput, writeReport } from "./report.ts";

const results = join(import.meta.dirname, "results");
const stuckSeconds = 2;
/** All of our errors are written down, of Math-Verify's this many. */
const keptPeerErrors = 200;
const say = (line: string): void => console.log(line);

interface BenchPair extends Pair {
  readonly suiteVerdict?: boolean;
}

/**
 * What Math-Verify reads best: a bare answer of a frozen suite in `$…$`, and a reply without its thinking, which its
 * callers are expected to cut off. Ours gets the texts as they are.
 */
function forPeer(pair: BenchPair): { gold: string; prediction: string } {
  const bare = pair.suiteVerdict !== undefined && !/\$|\\boxed/.test(pair.prediction);
  const reply = pair.prediction.split("</think>").at(-1) ?? "";
  return { gold: pair.gold, prediction: bare ? `$${pair.prediction}$` : reply };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Processor seconds so far of this process and of others, as Linux counts them; NaN where there is no /proc. */
function processorSeconds(processIds: readonly number[]): number {
  const own = process.cpuUsage();
  const ticksPerSecond = 100;
  const others = processIds.map((id) => {
    if (!existsSync(`/proc/${id}/stat`)) return Number.NaN;
    const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  });
  return (own.user + own.system) / 1e6 + others.reduce((sum, seconds) => sum + seconds, 0);
}

interface Timing {
  readonly seconds: number;
  readonly processorSeconds: number;
}

async function time(processIds: readonly number[], work: () => unknown): Promise<Timing> {
  const processorBegin = processorSeconds(processIds);
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  return { seconds, processorSeconds: processorSeconds(processIds) - processorBegin };
}

const peerModes: readonly [PeerMode, string][] = [
  ["shipped", "Math-Verify, as shipped (timeouts on)"],
  ["fast", "Math-Verify, timeouts off"],
  ["fastest", "Math-Verify, timeouts off, golds parsed outside the clock"],
];

/** Pairs a second, the median of the rounds; verifiers take turns, so that a busy machine meets all alike. */
async function measureThroughput(sample: readonly BenchPair[], rounds: number): Promise<Throughput[]> {
  const timings = new Map<string, Timing[]>();
  const record = (name: string, timing: Timing): void => {
    timings.set(name, [...(timings.get(name) ?? []), timing]);
  };
  const verifiers = [1, 2].map((size) => ({ size, verifier: makeMathVerifier({ size }) }));
  for (const { verifier } of verifiers) await verifier.verifyAll(sample.slice(0, 500));
  for (const pair of sample.slice(0, 500)) judgeMath(pair.prediction, pair.gold);
  for (let round = 0; round < rounds; round++) {
    for (const [mode, name] of peerModes) record(name, judgeWithPeer(sample.map(forPeer), mode));
    const inline = await time([], () => {
      for (const pair of sample) judgeMath(pair.prediction, pair.gold);
    });
    record("ours, judgeMath in the calling thread (no deadline)", inline);
    for (const { size, verifier } of verifiers) {
      const name = `ours, verifyMathAll, ${size} worker${size > 1 ? "s" : ""}`;
      record(name, await time(verifier.processIds, () => verifier.verifyAll(sample)));
    }
    say(`round ${round + 1} of ${rounds} done`);
  }
  await Promise.all(verifiers.map(({ verifier }) => verifier.close()));
  return [...timings].map(([name, values]) => ({
    name,
    pairsPerSecond: sample.length / median(values.map(({ seconds }) => seconds)),
    pairsPerProcessorSecond: sample.length / median(values.map((value) => value.processorSeconds)),
  }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      rounds: { type: "string", default: "3" },
      sample: { type: "string", default: "3000" },
      limit: { type: "string", default: "100000" },
    },
  });
  const seed = Number(values.seed);
  ensurePeer(say);
  const all: BenchPair[] = [...readFrozenSuites(), ...readHandmadePairs(), ...makePairs(seed)];
  const pairs = all.length <= Number(values.limit) ? all : makeRandom(seed).sample(all, Number(values.limit));
  const verifier = makeMathVerifier();
  const verdicts = await verifier.verifyAll(pairs);
  await verifier.close();
  const ours = verdicts.map(({ outcome }) => outcome);
  say(`${pairs.length} pairs judged by ours`);
  const peer = peerVerdicts(pairs.map(forPeer));
  const theirs = peer.map(({ verdict }) => verdict);
  say("… and by Math-Verify");
  const correct = (outcomes: readonly string[]): boolean[] =>
    outcomes.map((outcome) => outcome === "correct");
  const suites = (outcomes: readonly boolean[]) => [...ratesBy(pairs, outcomes, ({ suite }) => suite)];
  const own = pairs.map((pair, index) => pair.suiteVerdict ?? correct(ours)[index] ?? false);
  // Pairs that run into Math-Verify's timeouts would decide its throughput, and may not end where they are off.
  const stuck = new Set(pairs.filter((_, index) => (peer[index]?.seconds ?? 0) > stuckSeconds));
  const distinct = [
    ...new Map(
      pairs.filter((pair) => !stuck.has(pair)).map((pair) => [`${pair.gold}\0${pair.prediction}`, pair]),
    ).values(),
  ];
  const sample = makeRandom(seed).sample(distinct, Number(values.sample));
  const result: BenchResult = {
    seed,
    pairs: pairs.length,
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    load: loadavg()[0] ?? 0,
    sample: sample.length,
    stuck: stuck.size,
    rounds: Number(values.rounds),
    ours: suites(correct(ours)),
    mathVerify: suites(correct(theirs)),
    suiteItself: suites(own).filter(([suite]) =>
      pairs.some((pair) => pair.suite === suite && pair.suiteVerdict !== undefined),
    ),
    rules: {
      ours: [...ratesBy(pairs, correct(ours), ruleOf)],
      mathVerify: [...ratesBy(pairs, correct(theirs), ruleOf)],
    },
    throughput: await measureThroughput(sample, Number(values.rounds)),
  };
  mkdirSync(results, { recursive: true });
  const disagreements = pairs.flatMap((pair, index) => {
    const [mine, other] = [ours[index], theirs[index]];
    if ((mine === "correct") === pair.truth && (other === "correct") === pair.truth) return [];
    return [{ ...pair, ours: mine, how: verdicts[index]?.how, mathVerify: other }];
  });
  const byOurs = disagreements.filter((row) => (row.ours === "correct") !== row.truth);
  const byPeer = disagreements.filter((row) => (row.ours === "correct") === row.truth);
  const kept = [...byOurs, ...makeRandom(seed).sample(byPeer, keptPeerErrors)];
  writeFileSync(
    join(results, "math-disagreements.jsonl"),
    kept.map((row) => `${JSON.stringify(row)}\n`).join(""),
  );
  say(writeReport(results, result));
}

function fromFile(pair: BenchPair): boolean {
  return pair.suiteVerdict !== undefined || pair.suite.startsWith("handmade");
}

/** What was done to the answer, without the phrase around it; for buried answers, the phrase. */
function ruleOf(pair: Pair): string {
  const [change = "", phrase = ""] = pair.rule.split(" | ");
  return `${pair.truth ? "right" : "wrong"}: ${pair.suite === "buried" ? phrase : fromFile(pair) ? `of ${pair.suite}` : change}`;
}

await main();
