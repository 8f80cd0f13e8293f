/** Watches what a run's completions turn into: the curves and tables that the R1 paper shows of training (§2.3, appendix C). */
import { join } from "node:path";
import { readRollouts, rolloutSteps, stepName } from "../run/rollout-files.ts";
import { RunDirectoryError, runPaths } from "../run/run-directory.ts";
import { type DifficultyRow, DifficultyTable } from "./difficulty.ts";
import type { GroupStatistics } from "./group-statistics.ts";
import { paperWords, type WordList, wordCounter } from "./reflective-words.ts";
import { RunningMean } from "./running-mean.ts";
import { type StepStatistics, stepStatistics } from "./step-statistics.ts";
import { findTakeOff, type TakeOff, type TakeOffOptions } from "./take-off.ts";

export interface AnalyzeOptions {
  readonly words?: WordList;
  /** A code such as `en`; `auto`: the prompt's own. */
  readonly language?: string;
  /** Only every so many-th step that has rollouts. */
  readonly every?: number;
  /** Completions a step whose language and repetition are measured. */
  readonly closely?: number;
  readonly levels?: ReadonlyMap<string, string>;
  readonly takeOff?: TakeOffOptions;
  readonly onStep?: (read: number, of: number) => void;
}

/** Voting against thinking longer, over a part of the run. */
export interface Voting {
  readonly samples: number;
  /** Of one completion. */
  readonly single: number | null;
  /** Of the answer that most of a group gave. */
  readonly majority: number | null;
  /** Tokens of one completion, and of all that vote. */
  readonly tokens: number;
  readonly tokensVoting: number;
}

/** A tenth of the steps at one end of the run, at least one. */
export interface RunPart {
  readonly steps: readonly [first: number, last: number];
  readonly all: DifficultyRow;
  readonly byLevel: readonly DifficultyRow[];
  readonly byPassRate: readonly DifficultyRow[];
  readonly voting: Voting;
}

export interface RunAnalysis {
  readonly run: string;
  readonly steps: readonly StepStatistics[];
  /** Of all reflective words together. */
  readonly takeOff: TakeOff;
  readonly early: RunPart;
  readonly late: RunPart;
}

/** Collects the groups of one part of the run. */
class PartCollector {
  readonly #difficulty = new DifficultyTable();
  readonly #majority = new RunningMean();
  readonly #samples = new RunningMean();
  #steps: [number, number] | null = null;

  add(step: number, group: GroupStatistics): void {
    this.#steps = [this.#steps?.[0] ?? step, step];
    this.#difficulty.add(group);
    if (group.passRate !== null) this.#majority.add(group.majority);
    this.#samples.add(group.samples);
  }

  get part(): RunPart {
    const { all, byLevel, byPassRate } = this.#difficulty;
    const samples = this.#samples.value ?? 0;
    const voting: Voting = {
      samples,
      single: all.accuracy,
      majority: this.#majority.value,
      tokens: all.tokens,
      tokensVoting: all.tokens * samples,
    };
    return { steps: this.#steps ?? [0, 0], all, byLevel, byPassRate, voting };
  }
}

/**
 * Reads the rollouts step by step; a step's records are never held together.
 *
 * @throws {RunDirectoryError} where the directory holds no rollouts
 */
export async function analyzeRun(run: string, options: AnalyzeOptions = {}): Promise<RunAnalysis> {
  const { every = 1, closely = 24, language = "auto", levels = new Map<string, string>() } = options;
  const folder = runPaths(run).rollouts;
  const steps = rolloutSteps(folder).filter((_, index) => index % every === 0);
  if (steps.length === 0) {
    throw new RunDirectoryError(
      `${run} has no rollouts to analyse: expected files such as ${join(folder, `${stepName(1)}.jsonl`)}; ` +
        "train with log.rolloutsEvery above 0, or name another run directory",
    );
  }
  const countWords = wordCounter(options.words ?? paperWords);
  const edge = Math.max(1, Math.ceil(steps.length / 10));
  const [early, late] = [new PartCollector(), new PartCollector()];
  const rows: StepStatistics[] = [];
  for (const [index, step] of steps.entries()) {
    const path = join(folder, `${stepName(step)}.jsonl`);
    const parts = [...(index < edge ? [early] : []), ...(index >= steps.length - edge ? [late] : [])];
    const row = await stepStatistics(
      step,
      readRollouts(path),
      { countWords, levels, language, closely },
      (group) => {
        for (const part of parts) part.add(step, group);
      },
    );
    if (row.completions > 0) rows.push(row);
    options.onStep?.(index + 1, steps.length);
  }
  const curve = rows.map(({ step, reflection }) => ({ step, value: reflection }));
  return {
    run,
    steps: rows,
    takeOff: findTakeOff(curve, options.takeOff),
    early: early.part,
    late: late.part,
  };
}
