/**
 * A 95 % interval of an accuracy measured on questions with one or more samples each.
 *
 * Samples of one question are alike, so the questions are the independent draws. The variance of their means gives an
 * effective number of trials n = p (1 − p) / (s² / questions), with which the score interval (Wilson 1927, eq. 3) is
 * taken: unlike p ± 1.96 s/√n it stays within [0, 1] and has a width where every answer was right or every one wrong.
 */

/** The normal distribution's 97.5 % quantile. */
const QUANTILE = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The interval from each question's mean accuracy; `samples` is the number of completions a question. */
export function accuracyInterval(questionMeans: readonly number[], samples: number): Interval {
  const questions = questionMeans.length;
  if (questions === 0) return { low: 0, high: 1 };
  const mean = questionMeans.reduce((sum, value) => sum + value, 0) / questions;
  const trials = effectiveTrials(questionMeans, mean, samples);
  const square = QUANTILE * QUANTILE;
  const centre = (mean + square / (2 * trials)) / (1 + square / trials);
  const spread = (mean * (1 - mean)) / trials + square / (4 * trials * trials);
  const half = (QUANTILE / (1 + square / trials)) * Math.sqrt(Math.max(0, spread));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Between one trial a question's worth of certainty and one a completion. */
function effectiveTrials(means: readonly number[], mean: number, samples: number): number {
  const questions = means.length;
  const all = questions * samples;
  if (questions < 2) return questions;
  // Where all answers agree nothing is known of how much questions differ.
  if (mean <= 0 || mean >= 1) return questions;
  const variance = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (questions - 1);
  if (variance === 0) return all;
  return Math.min(all, Math.max(1, (mean * (1 - mean)) / (variance / questions)));
}
