/** Sums up a benchmark's samples: the score with its interval, pass@k, the majority, tokens, slices, figures. */
import { countReflectiveWords, reflectiveWords } from "../tasks/reflection.ts";
import type { JudgedSample, Outcome, Question, Task } from "../tasks/task.ts";
import { mean } from "../training/mean.ts";
import { accuracyInterval } from "./accuracy-interval.ts";
import type { BenchmarkResult, Estimate, SliceResult, TokenCounts } from "./benchmark-result.ts";
import { majorityOf } from "./majority.ts";
import { passAtK, valuesOfK } from "./pass-at-k.ts";
import { isTruncated, type SampleRecord, tokensOf } from "./sample-record.ts";

/** A question with its samples in their order. */
export interface QuestionSamples {
  readonly question: Question;
  readonly records: readonly SampleRecord[];
}

type Summary = Omit<
  BenchmarkResult,
  "title" | "options" | "questions" | "questionsInAll" | "samplesPerQuestion" | "seconds"
>;

/** The reward that a task's headline is: named, else accuracy, else the first. */
export function headlineReward(task: Task): string {
  const names = task.rewards.map(({ name }) => name);
  return task.evaluation?.headline ?? (names.includes("accuracy") ? "accuracy" : (names[0] ?? "accuracy"));
}

/** Failed samples are counted and left out of every mean. */
export async function summariseSamples(task: Task, asked: readonly QuestionSamples[]): Promise<Summary> {
  const reward = headlineReward(task);
  const all = asked.flatMap(({ records }) => records);
  const failures = all.filter(({ failure }) => failure !== null);
  const questions = asked.map(({ question, records }) => ({
    question,
    records: records.filter(({ failure }) => failure === null),
  }));
  const records = questions.flatMap((each) => each.records);
  const judged = questions.flatMap(({ question, records: own }) =>
    own.map((record) => judgedSample(question, record)),
  );
  return {
    task: task.name,
    headline: task.evaluation?.headlineName ?? "pass@1",
    reward,
    score: estimate(questions, reward),
    scored: records.length,
    failed: failures.length,
    failure: failures[0]?.failure ?? null,
    passAtK: passAtAll(questions, reward),
    majority: await majority(task, questions, reward),
    figures: (await task.evaluation?.figures?.(judged)) ?? [],
    rewards: Object.fromEntries(task.rewards.map(({ name }) => [name, mean(valuesOf(records, name))])),
    outcomes: outcomeShares(records, reward),
    tokens: tokenCounts(records),
    slices: slices(task, questions, reward),
    reflection: reflection(records),
    published: (task.evaluation?.published ?? [])
      .filter((each) => each.questions === task.heldOut.length)
      .map(({ row }) => row),
    notes: task.notes ?? [],
  };
}

/** As figures read it. */
export function judgedSample(question: Question, record: SampleRecord): JudgedSample {
  return {
    question,
    sample: record.sample,
    completion: record.completion,
    truncated: isTruncated(record),
    completionTokens: tokensOf(record, "completionTokens"),
    judgements: record.judgements,
  };
}

/** A reward's values where it applies. */
export function valuesOf(records: readonly SampleRecord[], reward: string): number[] {
  return records.map(({ judgements }) => judgements[reward]?.value ?? null).filter((value) => value !== null);
}

function estimate(questions: readonly QuestionSamples[], reward: string): Estimate {
  const values = questions.map(({ records }) => valuesOf(records, reward)).filter((each) => each.length > 0);
  const means = values.map(mean);
  const samples = Math.max(1, ...values.map(({ length }) => length));
  return { value: mean(means), ...accuracyInterval(means, samples) };
}

/** Over the questions that have all their samples; a verdict in between (an F1) is no pass. */
function passAtAll(questions: readonly QuestionSamples[], reward: string): Record<string, number> {
  const values = questions.map(({ records }) => valuesOf(records, reward)).filter((each) => each.length > 0);
  const samples = Math.min(...values.map(({ length }) => length));
  const graded = values.flat().some((value) => value > 0 && value < 1);
  if (!Number.isFinite(samples) || samples < 2 || graded) return {};
  return Object.fromEntries(
    valuesOfK(samples).map((k) => [
      String(k),
      mean(values.map((each) => passAtK(each.length, each.filter((value) => value >= 1).length, k))),
    ]),
  );
}

async function majority(
  task: Task,
  questions: readonly QuestionSamples[],
  reward: string,
): Promise<BenchmarkResult["majority"]> {
  const same = task.evaluation?.sameAnswer;
  const samples = Math.max(0, ...questions.map(({ records }) => records.length));
  if (same === undefined || samples < 2) return null;
  const winners = await Promise.all(
    questions
      .filter(({ records }) => records.length > 0)
      .map(({ records }) =>
        majorityOf(
          records.map(({ judgements }) => ({
            answer: judgements[reward]?.answer ?? null,
            value: judgements[reward]?.value ?? 0,
          })),
          same,
        ),
      ),
  );
  const values = winners.map(({ value }) => value);
  return {
    value: mean(values),
    ...accuracyInterval(values, 1),
    samples,
    tiedQuestions: winners.filter(({ tied }) => tied).length,
  };
}

const outcomeNames: readonly Outcome[] = ["correct", "wrong", "unparsed", "timeout", "error"];

function outcomeShares(records: readonly SampleRecord[], reward: string): Partial<Record<Outcome, number>> {
  const found = records
    .map(({ judgements }) => judgements[reward]?.outcome)
    .filter((outcome) => outcome !== undefined);
  if (found.length === 0) return {};
  return Object.fromEntries(
    outcomeNames.map((name) => [name, found.filter((outcome) => outcome === name).length / found.length]),
  );
}

function tokenCounts(records: readonly SampleRecord[]): TokenCounts {
  const counts = records
    .map((record) => tokensOf(record, "completionTokens"))
    .filter((count) => count !== null)
    .sort((a, b) => a - b);
  const reasoning = records
    .map((record) => tokensOf(record, "reasoningTokens"))
    .filter((count) => count !== null);
  const known = counts.length > 0;
  return {
    mean: known ? mean(counts) : null,
    median: known ? mean([counts[(counts.length - 1) >> 1] ?? 0, counts[counts.length >> 1] ?? 0]) : null,
    most: counts.at(-1) ?? null,
    reasoningMean: reasoning.length > 0 ? mean(reasoning) : null,
    truncated: mean(records.map((record) => (isTruncated(record) ? 1 : 0))),
  };
}

function slices(
  task: Task,
  questions: readonly QuestionSamples[],
  reward: string,
): Record<string, Record<string, SliceResult>> {
  const found = new Map<string, Map<string, QuestionSamples[]>>();
  for (const each of questions) {
    for (const [dimension, name] of Object.entries(task.evaluation?.slices?.(each.question.columns) ?? {})) {
      const ofDimension = found.get(dimension) ?? new Map<string, QuestionSamples[]>();
      const part = ofDimension.get(name);
      if (part === undefined) ofDimension.set(name, [each]);
      else part.push(each);
      found.set(dimension, ofDimension);
    }
  }
  return Object.fromEntries(
    [...found].map(([dimension, parts]) => [
      dimension,
      Object.fromEntries(
        [...parts]
          .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
          .map(([name, part]) => [name, { ...estimate(part, reward), questions: part.length }]),
      ),
    ]),
  );
}

function reflection(records: readonly SampleRecord[]): Record<string, number> {
  const counts = records.map(({ turns }) =>
    countReflectiveWords(turns.map(({ completion }) => completion).join("\n")),
  );
  return Object.fromEntries(reflectiveWords.map((word) => [word, mean(counts.map((each) => each[word]))]));
}
