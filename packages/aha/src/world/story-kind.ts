/** Arithmetic word problems: someone's things become more and fewer; a thought follows the story change by change. */
import type { Random } from "../tasks/random.ts";
import { correct, type KindOfQuestion, type ThoughtStep, unparsed, wrong } from "./kind.ts";
import { type Bilingual, languages, people } from "./language.ts";

type Operator = "+" | "-" | "*";

interface Verb {
  readonly name: Bilingual;
  readonly operator: Operator;
  /** Fixed for verbs that say their number themselves. */
  readonly amount?: number;
}

const verbs: readonly Verb[] = [
  { name: { en: "buys", zh: "买" }, operator: "+" },
  { name: { en: "finds", zh: "捡" }, operator: "+" },
  { name: { en: "gives", zh: "送" }, operator: "-" },
  { name: { en: "loses", zh: "丢" }, operator: "-" },
  { name: { en: "doubles", zh: "翻倍" }, operator: "*", amount: 2 },
  { name: { en: "triples", zh: "三倍" }, operator: "*", amount: 3 },
];
const things: readonly Bilingual[] = [
  { en: "apples", zh: "个苹果" },
  { en: "books", zh: "本书" },
  { en: "coins", zh: "枚硬币" },
  { en: "pens", zh: "支笔" },
];

export interface StoryChange {
  /** Index into the world's verbs. */
  readonly verb: number;
  readonly amount: number;
}

export interface StoryProblem {
  /** Index into the world's people. */
  readonly person: number;
  readonly thing: number;
  readonly start: number;
  readonly changes: readonly StoryChange[];
}

const LARGEST_VALUE = 99;
const shape = { fewestChanges: 2, mostChanges: 5, largestStart: 12, largestAmount: 12 };

const verbAt = (index: number): Verb => verbs[index] as Verb;

/** The value after each change; the first is the start. */
function values({ start, changes }: StoryProblem): number[] {
  const found = [start];
  for (const { verb, amount } of changes) found.push(apply(found.at(-1) as number, verb, amount));
  return found;
}

function apply(value: number, verb: number, amount: number): number {
  const { operator } = verbAt(verb);
  return operator === "+" ? value + amount : operator === "-" ? value - amount : value * amount;
}

function drawChange(random: Random, value: number): StoryChange {
  for (;;) {
    const verb = random.below(verbs.length);
    const amount = verbAt(verb).amount ?? 1 + random.below(shape.largestAmount);
    const result = apply(value, verb, amount);
    if (result >= 1 && result <= LARGEST_VALUE) return { verb, amount };
  }
}

function equation(before: number, { verb, amount }: StoryChange): ThoughtStep {
  const { operator, name } = verbAt(verb);
  const text = [before, operator, amount, "=", apply(before, verb, amount)].join(" ");
  return { write: (language) => `${name[language]} ${text}` };
}

export const storyKind: KindOfQuestion<StoryProblem> = {
  name: "story",
  form: "chain",
  draw(random) {
    const start = 1 + random.below(shape.largestStart);
    const count = shape.fewestChanges + random.below(shape.mostChanges - shape.fewestChanges + 1);
    const changes: StoryChange[] = [];
    let value = start;
    for (let index = 0; index < count; index++) {
      const change = drawChange(random, value);
      changes.push(change);
      value = apply(value, change.verb, change.amount);
    }
    const [person, thing] = [random.below(people.en.length), random.below(things.length)];
    return { person, thing, start, changes };
  },
  // Who has what does not make another problem.
  key: ({ start, changes }) =>
    `${start}${changes.map(({ verb, amount }) => `${verbAt(verb).operator}${amount}`).join("")}`,
  difficulty: ({ changes }) => changes.length - 1,
  ask({ person, thing, start, changes }, language) {
    const who = people[language][person];
    const told = changes.map(({ verb, amount }) => {
      const { name, amount: fixed } = verbAt(verb);
      return fixed === undefined ? `${name[language]} ${amount}` : name[language];
    });
    const what = things[thing]?.[language];
    return language === "en"
      ? `${who} has ${start} ${what}, ${told.join(", ")}. How many?`
      : `${who}有 ${start} ${what}, ${told.join(", ")}。多少?`;
  },
  *attempts(_random, problem) {
    const found = values(problem);
    for (const [index, change] of problem.changes.entries()) {
      const solved = index === problem.changes.length - 1;
      yield { step: equation(found[index] as number, change), solved, answer: String(found[index + 1]) };
    }
    return undefined;
  },
  guess: (_random, problem) => String(values(problem)[1]),
  readStep(text) {
    const match = /^(\p{L}+) (\d+ [-+*] \d+ = \d+)$/u.exec(text);
    const verb = verbs.find(({ name }) => languages.some((language) => name[language] === match?.[1]));
    return verb === undefined ? null : { write: (language) => `${verb.name[language]} ${match?.[2]}` };
  },
  judge(problem, answer) {
    const text = answer.trim();
    if (!/^\d{1,6}$/.test(text)) return unparsed(`not a number: ${JSON.stringify(text.slice(0, 40))}`);
    const gold = values(problem).at(-1);
    return Number(text) === gold ? correct : wrong(`${text} instead of ${gold}`);
  },
  toColumns: ({ person, thing, start, changes }) => ({
    ...{ person, thing, start },
    changes: changes.map(({ verb, amount }) => ({ verb, amount })),
  }),
  fromColumns({ person, thing, start, changes }) {
    if (!Array.isArray(changes)) throw new TypeError("expected a story's columns with `changes`");
    return {
      ...{ person: Number(person), thing: Number(thing), start: Number(start) },
      changes: changes.map((change) => readChange(change)),
    };
  },
};

function readChange(value: unknown): StoryChange {
  const { verb, amount } = Object(value) as Record<string, unknown>;
  return { verb: Number(verb), amount: Number(amount) };
}
