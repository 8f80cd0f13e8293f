/** Rating and percentile of an evaluation on problems with a column `rating`. */
import { readFileSync } from "node:fs";
import { parseCsv } from "../../data/read-csv.ts";
import { TaskDataError } from "../data-task.ts";
import type { Figure, JudgedSample } from "../task.ts";
import { contestRating, percentileOf, type RatedProblem } from "./contest-rating.ts";

/** Pairs of a rating and how many people have it, from CSV with a header `rating,count`. Throws TaskDataError. */
export function readRatingDistribution(path: string): (readonly [number, number])[] {
  const [header, ...records] = [...parseCsv(readFileSync(path, "utf8"), path)];
  if (header?.fields.join() !== "rating,count") {
    throw new TaskDataError(
      `${path}: expected CSV with the header rating,count, got ${header?.fields.join() ?? "nothing"}`,
    );
  }
  return records.map(({ fields: [rating = "", count = ""], line }) => {
    const pair = [Number(rating), Number(count)] as const;
    if (rating !== "" && count !== "" && pair.every(Number.isFinite) && pair[1] >= 0) return pair;
    throw new TaskDataError(
      `${path}:${line}: expected a rating and how many people have it, got ${rating},${count}`,
    );
  });
}

export function ratingFigures(
  samples: readonly JudgedSample[],
  population: readonly (readonly [number, number])[] | null,
): Figure[] {
  const problems = new Map<string, { rating: number; solved: number; samples: number }>();
  let unrated = 0;
  for (const { question, judgements } of samples) {
    const rating = Number(question.columns.rating ?? Number.NaN);
    if (!Number.isFinite(rating)) {
      unrated += 1;
      continue;
    }
    const problem = problems.get(question.id) ?? { rating, solved: 0, samples: 0 };
    problem.samples += 1;
    problem.solved += (judgements.accuracy?.value ?? 0) >= 1 ? 1 : 0;
    problems.set(question.id, problem);
  }
  const found = contestRating([...problems.values()] satisfies RatedProblem[]);
  if (found === null) return [];
  const { rating, low, high, bounded } = found;
  const bound =
    bounded === null
      ? ""
      : `; ${bounded === "below" ? "everything" : "nothing"} was solved: a one-sided 95 % bound`;
  const note =
    `by maximum likelihood over ${problems.size} problems with ratings${bound}` +
    `${unrated === 0 ? "" : `; ${unrated} samples of problems without one are left out`}; the paper's formula is not published`;
  const interval = bounded === null ? { low, high } : {};
  const figures: Figure[] = [{ name: "rating", value: rating, ...interval, unit: "points", note }];
  if (population === null) return figures;
  const share = (value: number): number => percentileOf(value, population);
  const range = bounded === null ? { low: share(low), high: share(high) } : {};
  return [...figures, { name: "percentile", value: share(rating), ...range, unit: "share" }];
}
