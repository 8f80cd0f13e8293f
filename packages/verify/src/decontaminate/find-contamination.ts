/** Says which training samples share an n-gram with an evaluation set, and are to be dropped. */
import { ContaminationIndex, type ContaminationMatch, type EvaluationItem } from "./contamination-index.ts";

export interface TrainingSample {
  readonly id: string;
  /** The question, and its solution where it is trained on. */
  readonly text: string;
}

export interface ContaminationOptions {
  /** How many words in a row mean a copy; default 10, as in DeepSeek-R1 (appendix on decontamination). */
  readonly n?: number;
}

export interface ContaminatedSample {
  readonly id: string;
  /** At least one; one for each evaluation item. */
  readonly matches: readonly ContaminationMatch[];
}

export interface ContaminationReport {
  readonly n: number;
  readonly samples: number;
  /** The samples to drop, in their order. */
  readonly contaminated: readonly ContaminatedSample[];
  /** How many samples each evaluation set had dropped. */
  readonly bySet: Readonly<Record<string, number>>;
  /** Evaluation items of fewer than n words, which match only as a whole. */
  readonly shortItems: number;
}

/**
 * Reads the evaluation side into an index, then the training side one sample at a time, so memory is that of the
 * evaluation side and of the report. Throws RangeError for an n that is no whole number of at least 1.
 */
export function findContamination(
  training: Iterable<TrainingSample>,
  evaluation: Iterable<EvaluationItem>,
  options: ContaminationOptions = {},
): ContaminationReport {
  const index = new ContaminationIndex(evaluation, options.n);
  const contaminated: ContaminatedSample[] = [];
  const bySet: Record<string, number> = {};
  let samples = 0;
  for (const { id, text } of training) {
    samples++;
    const matches = index.matches(text);
    if (matches.length === 0) continue;
    contaminated.push({ id, matches });
    for (const set of new Set(matches.map((match) => match.set))) bySet[set] = (bySet[set] ?? 0) + 1;
  }
  return { n: index.n, samples, contaminated, bySet, shortItems: index.shortItems };
}
