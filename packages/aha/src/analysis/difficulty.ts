/** Groups by how hard their questions are: accuracy, thinking and overthinking, early and late in a run. */
import type { GroupStatistics } from "./group-statistics.ts";
import { RunningMean } from "./running-mean.ts";

export interface DifficultyRow {
  readonly label: string;
  readonly groups: number;
  readonly accuracy: number | null;
  readonly tokens: number;
  readonly thinkingTokens: number;
  /** Share of the thinking after the first right conclusion, in right completions; null where none had one. */
  readonly overthinking: number | null;
}

/** Bins of the pass rate within a group: the easiest first. */
const bins: readonly (readonly [label: string, holds: (rate: number) => boolean])[] = [
  ["all right", (rate) => rate === 1],
  ["most right", (rate) => rate >= 0.5 && rate < 1],
  ["some right", (rate) => rate > 0 && rate < 0.5],
  ["none right", (rate) => rate === 0],
];

export const passRateLabels: readonly string[] = bins.map(([label]) => label);

class Bin {
  readonly #accuracy = new RunningMean();
  readonly #tokens = new RunningMean();
  readonly #thinking = new RunningMean();
  readonly #overthinking = new RunningMean();

  add({ passRate, tokens, thinkingTokens, afterConclusion }: GroupStatistics): void {
    if (passRate !== null) this.#accuracy.add(passRate);
    this.#tokens.add(tokens);
    this.#thinking.add(thinkingTokens);
    if (afterConclusion !== null) this.#overthinking.add(afterConclusion);
  }

  row(label: string): DifficultyRow {
    return {
      label,
      groups: this.#tokens.count,
      accuracy: this.#accuracy.value,
      tokens: this.#tokens.value ?? 0,
      thinkingTokens: this.#thinking.value ?? 0,
      overthinking: this.#overthinking.value,
    };
  }
}

/** Collects groups as they come; keeps sums only. */
export class DifficultyTable {
  readonly #byLevel = new Map<string, Bin>();
  readonly #byRate = new Map<string, Bin>();
  readonly #all = new Bin();

  add(group: GroupStatistics): void {
    this.#all.add(group);
    if (group.level !== null) this.#bin(this.#byLevel, group.level).add(group);
    const { passRate } = group;
    const bin = passRate === null ? undefined : bins.find(([, holds]) => holds(passRate));
    if (bin !== undefined) this.#bin(this.#byRate, bin[0]).add(group);
  }

  /** Of all groups together. */
  get all(): DifficultyRow {
    return this.#all.row("all");
  }

  /** By the questions' own levels, in their order. */
  get byLevel(): DifficultyRow[] {
    return [...this.#byLevel]
      .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
      .map(([label, bin]) => bin.row(label));
  }

  /** By how many of the group's own completions were right. */
  get byPassRate(): DifficultyRow[] {
    return bins.flatMap(([label]) => this.#byRate.get(label)?.row(label) ?? []);
  }

  #bin(bins: Map<string, Bin>, label: string): Bin {
    const found = bins.get(label) ?? new Bin();
    bins.set(label, found);
    return found;
  }
}
