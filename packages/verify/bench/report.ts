/** The benchmark's figures as JSON and as tables for people. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rates } from "./rates.ts";

export interface Throughput {
  readonly name: string;
  readonly pairsPerSecond: number;
  /** By processor time of all processes involved: what a busy machine does not change. */
  readonly pairsPerProcessorSecond: number;
}

export type SuiteRates = readonly (readonly [string, Rates])[];

export interface BenchResult {
  readonly seed: number;
  readonly pairs: number;
  readonly processor: string;
  readonly cores: number;
  readonly load: number;
  readonly sample: number;
  /** Pairs that took Math-Verify over two seconds; left out of the throughput's sample. */
  readonly stuck: number;
  readonly rounds: number;
  readonly ours: SuiteRates;
  readonly mathVerify: SuiteRates;
  /** The verdicts in the suites' own files. */
  readonly suiteItself: SuiteRates;
  readonly rules: { readonly ours: SuiteRates; readonly mathVerify: SuiteRates };
  readonly throughput: readonly Throughput[];
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${part} (${((100 * part) / whole).toFixed(2)} %)`;
}

function cells(rates: Rates | undefined): string {
  if (!rates) return "– | –";
  return `${share(rates.falsePositives, rates.wrong)} | ${share(rates.falseNegatives, rates.right)}`;
}

function total(suites: SuiteRates): Rates {
  const sum = (pick: (rates: Rates) => number): number =>
    suites.reduce((all, [, rates]) => all + pick(rates), 0);
  return {
    right: sum((rates) => rates.right),
    wrong: sum((rates) => rates.wrong),
    falseNegatives: sum((rates) => rates.falseNegatives),
    falsePositives: sum((rates) => rates.falsePositives),
  };
}

function suiteTable(result: BenchResult): string[] {
  const find = (suites: SuiteRates, name: string): Rates | undefined =>
    suites.find(([suite]) => suite === name)?.[1];
  const row = (name: string, rates: Rates, peer: Rates | undefined, own: Rates | undefined): string =>
    `| ${name} | ${rates.right} / ${rates.wrong} | ${cells(rates)} | ${cells(peer)} | ${cells(own)} |`;
  return [
    "| suite | right / wrong pairs | ours FP | FN | Math-Verify FP | FN | suite's own verdicts FP | FN |",
    "|---|---|---|---|---|---|---|---|",
    ...result.ours.map(([name, rates]) =>
      row(name, rates, find(result.mathVerify, name), find(result.suiteItself, name)),
    ),
    row("**all**", total(result.ours), total(result.mathVerify), undefined),
  ];
}

function ruleTable(result: BenchResult): string[] {
  const errors = (rates: Rates): number => rates.falseNegatives + rates.falsePositives;
  const peers = new Map(result.rules.mathVerify);
  const rows = result.rules.ours
    .map(([name, rates]) => ({
      name,
      count: rates.right + rates.wrong,
      ours: errors(rates),
      peer: errors(peers.get(name) ?? rates),
    }))
    .filter(({ ours, peer }) => ours + peer > 0)
    .sort((a, b) => b.ours + b.peer - (a.ours + a.peer));
  return [
    "| what was done | pairs | ours errs | Math-Verify errs |",
    "|---|---|---|---|",
    ...rows.map(
      ({ name, count, ours, peer }) => `| ${name.replaceAll("|", "\\|")} | ${count} | ${ours} | ${peer} |`,
    ),
  ];
}

function throughputTable({ throughput }: BenchResult): string[] {
  const [base] = throughput;
  if (!base) return [];
  const row = ({ name, pairsPerSecond, pairsPerProcessorSecond }: Throughput): string => {
    const times = (pairsPerSecond / base.pairsPerSecond).toFixed(1);
    const processorTimes = (pairsPerProcessorSecond / base.pairsPerProcessorSecond).toFixed(1);
    return `| ${name} | ${Math.round(pairsPerSecond)} | ${times} | ${Math.round(pairsPerProcessorSecond)} | ${processorTimes} |`;
  };
  return [
    "| verifier | pairs a second | times the first | pairs a processor second | times the first |",
    "|---|---|---|---|---|",
    ...throughput.map(row),
  ];
}

/** Writes math.json and math.md into the folder; returns the markdown. */
export function writeReport(folder: string, result: BenchResult): string {
  const text = [
    "# verifyMath beside Math-Verify 0.9.0",
    "",
    `${result.pairs} pairs (seed ${result.seed}); ${result.processor}, ${result.cores} cores, load ${result.load.toFixed(1)}. ` +
      "FP: a wrong prediction judged correct, share of the wrong pairs. FN: a right one not judged correct, share of the " +
      "right pairs. Truth is the suites' labels as corrected in `labels/`, and the construction for the generated suites.",
    "",
    ...suiteTable(result),
    "",
    "Ours was developed against the generated suites (math500 to constructed), so that their rows show what it now holds " +
      "to, not what it meets in the wild: for that, see the held-out figures in `../labels/README.md`. They sample the ways " +
      "of writing evenly, not as models use them; the last table says where the errors are. Math-Verify gets each reply " +
      "without its `<think>` part, which its callers are expected to cut off; ours gets the whole.",
    "",
    `## Throughput (the same ${result.sample} distinct pairs, warm, median of ${result.rounds})`,
    "",
    ...throughputTable(result),
    "",
    `The sample leaves out the ${result.stuck} pairs that took Math-Verify over 2 s each (its timeouts), which would ` +
      "decide its figures; with timeouts off, a run over pairs of this kind did not end within minutes. On a busy " +
      "machine trust the columns by processor time.",
    "",
    "## Errors by rewriting and by change",
    "",
    ...ruleTable(result),
    "",
  ].join("\n");
  const { rules: _rules, ...figures } = result;
  writeFileSync(join(folder, "math.json"), `${JSON.stringify(figures, null, 2)}\n`);
  writeFileSync(join(folder, "math.md"), text);
  return text;
}
