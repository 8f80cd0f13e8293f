/** Whether one evaluation is better than another: paired by question, so that what is hard for both cancels out. */
import { mean } from "../training/mean.ts";
import { mcnemar } from "./mcnemar.ts";
import { type PairedDifference, pairedBootstrap } from "./paired-bootstrap.ts";
import type { SampleRecord } from "./sample-record.ts";

export interface BenchmarkComparison extends PairedDifference {
  readonly title: string;
  /** Questions that both answered. */
  readonly questions: number;
  /** Questions that only one of the runs has. */
  readonly unpaired: number;
  readonly first: number;
  readonly second: number;
  /** Where every question was answered once by either, with right or wrong: McNemar's exact test. */
  readonly mcnemar: {
    readonly firstOnly: number;
    readonly secondOnly: number;
    readonly probability: number;
  } | null;
  /** Holm's correction of the p-value (McNemar's where there is one) over the benchmarks compared; see holm. */
  readonly corrected: number;
}

export interface ComparedBenchmark {
  readonly title: string;
  readonly reward: string;
  readonly first: readonly SampleRecord[];
  readonly second: readonly SampleRecord[];
}

/** Of each benchmark the difference second − first with its interval and p-values. */
export function compareRuns(
  benchmarks: readonly ComparedBenchmark[],
  seed = 0,
  resamples = 10_000,
): BenchmarkComparison[] {
  const compared = benchmarks.map(({ title, reward, first, second }) => {
    const [a, b] = [questionValues(first, reward), questionValues(second, reward)];
    const shared = [...a.keys()].filter((question) => b.has(question)).sort();
    const pairs = shared.map((question) => [a.get(question) ?? [], b.get(question) ?? []] as const);
    const means = pairs.map(([ofA, ofB]) => [mean(ofA), mean(ofB)] as const);
    const single = pairs.every(
      ([ofA, ofB]) =>
        ofA.length === 1 && ofB.length === 1 && [...ofA, ...ofB].every((value) => value === 0 || value === 1),
    );
    const firstOnly = means.filter(([ofA, ofB]) => ofA > ofB).length;
    const secondOnly = means.filter(([ofA, ofB]) => ofB > ofA).length;
    return {
      title,
      questions: shared.length,
      unpaired: a.size + b.size - 2 * shared.length,
      first: mean(means.map(([value]) => value)),
      second: mean(means.map(([, value]) => value)),
      ...pairedBootstrap(
        means.map(([ofA, ofB]) => ofB - ofA),
        seed,
        resamples,
      ),
      mcnemar: single ? { firstOnly, secondOnly, probability: mcnemar(firstOnly, secondOnly) } : null,
    };
  });
  const corrected = holm(compared.map((each) => each.mcnemar?.probability ?? each.probability));
  return compared.map((each, index) => ({ ...each, corrected: corrected[index] ?? 1 }));
}

/** A question's values over its samples; failed samples have none. */
function questionValues(records: readonly SampleRecord[], reward: string): Map<string, number[]> {
  const values = new Map<string, number[]>();
  for (const { question, judgements, failure } of records) {
    const value = judgements[reward]?.value ?? null;
    if (failure !== null || value === null) continue;
    const known = values.get(question);
    if (known === undefined) values.set(question, [value]);
    else known.push(value);
  }
  return values;
}

/** P-values that hold over all of them together (Holm 1979): the smallest times their number, and so on, never falling. */
export function holm(probabilities: readonly number[]): number[] {
  const order = probabilities
    .map((_, index) => index)
    .sort((a, b) => at(probabilities, a) - at(probabilities, b));
  const corrected = new Array<number>(probabilities.length).fill(1);
  let highest = 0;
  order.forEach((index, rank) => {
    highest = Math.max(highest, Math.min(1, at(probabilities, index) * (probabilities.length - rank)));
    corrected[index] = highest;
  });
  return corrected;
}

const at = (values: readonly number[], index: number): number => values[index] ?? 1;
