/** The world's verifiable questions in either language, and on which side of the split each stands. */
import { createRandom, hashString, type Random } from "../tasks/random.ts";
import type { Columns, Question } from "../tasks/task.ts";
import { countdownKind } from "./countdown-kind.ts";
import type { KindOfQuestion } from "./kind.ts";
import { type Language, languages } from "./language.ts";
import { orderingKind } from "./ordering-kind.ts";
import { storyKind } from "./story-kind.ts";

export type KindName = "countdown" | "story" | "ordering";
export type Split = "train" | "heldOut";

export const kindNames: readonly KindName[] = ["countdown", "story", "ordering"];

/** One question in ten is held out. */
const HELD_OUT_ONE_IN = 10;

/** A problem of one of the kinds, with everything that can be asked of it. */
export interface BoundProblem {
  readonly kind: KindName;
  readonly form: KindOfQuestion<never>["form"];
  readonly key: string;
  readonly columns: Columns;
  difficulty(): number;
  ask(language: Language): string;
  attempts: (random: Random, language: Language) => ReturnType<KindOfQuestion<never>["attempts"]>;
  guess(random: Random, language: Language): string;
  readStep: KindOfQuestion<never>["readStep"];
  judge(answer: string, language: Language): ReturnType<KindOfQuestion<never>["judge"]>;
}

function bind<Problem>(name: KindName, kind: KindOfQuestion<Problem>, problem: Problem): BoundProblem {
  return {
    kind: name,
    form: kind.form,
    key: `${name}:${kind.key(problem)}`,
    columns: kind.toColumns(problem),
    difficulty: () => kind.difficulty(problem),
    ask: (language) => kind.ask(problem, language),
    attempts: (random, language) => kind.attempts(random, problem, language),
    guess: (random, language) => kind.guess(random, problem, language),
    readStep: kind.readStep,
    judge: (answer, language) => kind.judge(problem, answer, language),
  };
}

interface Source {
  draw(random: Random): BoundProblem;
  read(columns: Columns): BoundProblem;
}

function source<Problem>(name: KindName, kind: KindOfQuestion<Problem>): Source {
  return {
    draw: (random) => bind(name, kind, kind.draw(random)),
    read: (columns) => bind(name, kind, kind.fromColumns(columns)),
  };
}

const sources: Readonly<Record<KindName, Source>> = {
  countdown: source("countdown", countdownKind),
  story: source("story", storyKind),
  ordering: source("ordering", orderingKind),
};

/** A function of the problem's content alone: corpus, training and held-out questions cannot meet, in no language. */
export const splitOf = (key: string): Split =>
  hashString(key) % HELD_OUT_ONE_IN === 0 ? "heldOut" : "train";

/** Draws until a problem of the side is found. */
export function drawProblem(random: Random, kind: KindName, split: Split): BoundProblem {
  for (;;) {
    const problem = sources[kind].draw(random);
    if (splitOf(problem.key) === split) return problem;
  }
}

export function isKindName(value: unknown): value is KindName {
  return kindNames.some((name) => name === value);
}

/** The problem and the language of a question made by `worldQuestions`. Throws TypeError for another's columns. */
export function readWorldColumns(columns: Columns): { problem: BoundProblem; language: Language } {
  const language = languages.find((known) => known === columns.language);
  if (!isKindName(columns.kind) || language === undefined) {
    throw new TypeError(
      `expected a world question's columns with kind and language, got ${JSON.stringify(columns).slice(0, 200)}`,
    );
  }
  return { problem: sources[columns.kind].read(columns), language };
}

export const worldPrompt = (text: string): string => `User: ${text} Assistant:`;

export function worldQuestion(problem: BoundProblem, language: Language): Question {
  const { kind, key, columns } = problem;
  return {
    id: `${language}:${key}`,
    prompt: worldPrompt(problem.ask(language)),
    columns: { ...columns, kind, language, difficulty: problem.difficulty() },
  };
}

/** `count` different questions, kinds and languages taking turns; the same seed gives the same. */
export function worldQuestions(
  split: Split,
  count: number,
  seed: number,
  kinds: readonly KindName[] = kindNames,
): Question[] {
  const random = createRandom("world-questions", split, seed);
  const seen = new Set<string>();
  const questions: Question[] = [];
  for (let turn = 0; questions.length < count; turn++) {
    const kind = kinds[turn % kinds.length] as KindName;
    const language = languages[Math.floor(turn / kinds.length) % languages.length] as Language;
    const problem = drawProblem(random, kind, split);
    if (turn > 200 * count + 1_000) {
      throw new RangeError(
        `worldQuestions: expected ${count} different ${split} questions, found only ${seen.size}.`,
      );
    }
    // The same problem in the other language counts as the same.
    if (seen.has(problem.key)) continue;
    seen.add(problem.key);
    questions.push(worldQuestion(problem, language));
  }
  return questions;
}
