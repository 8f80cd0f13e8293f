/** Ordering puzzles: who is tallest or shortest; a thought names someone, looks for who is beyond, and tries that one. */
import type { Random } from "../tasks/random.ts";
import { correct, type KindOfQuestion, type ThoughtStep, unparsed, wrong } from "./kind.ts";
import { type Bilingual, type Language, languages, people } from "./language.ts";

export interface OrderingProblem {
  /** From the shortest to the tallest: indices into the world's people. */
  readonly order: readonly number[];
  /** In which order the neighbours are told: a permutation of 0 … people − 2. */
  readonly told: readonly number[];
  readonly asked: "tallest" | "shortest";
}

const beyond: Readonly<Record<OrderingProblem["asked"], Bilingual>> = {
  tallest: { en: "is taller", zh: "更高" },
  shortest: { en: "is shorter", zh: "更矮" },
};
const nobody: Bilingual = { en: "none", zh: "没人" };
const shape = { fewestPeople: 3, mostPeople: 6 };

function shuffled(random: Random, count: number): number[] {
  const list = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [list[index], list[other]] = [list[other] as number, list[index] as number];
  }
  return list;
}

/** From whoever is asked for, outwards first: the last stands furthest from the answer. */
const towards = ({ order, asked }: OrderingProblem): readonly number[] =>
  asked === "tallest" ? [...order].reverse() : order;

const nameOf = (person: number | undefined, language: Language): string =>
  people[language][person ?? -1] ?? "";

/** `Ann, Bob is taller`; names stay as the question has them, whatever the thought's language. */
function look(name: string, next: string | null, asked: OrderingProblem["asked"]): ThoughtStep {
  return {
    write: (language) => {
      const rest = `${next ?? nobody[language]}${language === "en" ? " " : ""}${beyond[asked][language]}`;
      return `${name}, ${rest}`;
    },
  };
}

const lookPatterns = (Object.keys(beyond) as OrderingProblem["asked"][]).flatMap((asked) =>
  languages.map((language) => ({
    asked,
    pattern: new RegExp(`^(\\p{L}+), (\\p{L}+?) ?${beyond[asked][language]}$`, "u"),
  })),
);

export const orderingKind: KindOfQuestion<OrderingProblem> = {
  name: "ordering",
  form: "tries",
  draw(random) {
    const count = shape.fewestPeople + random.below(shape.mostPeople - shape.fewestPeople + 1);
    return {
      order: shuffled(random, people.en.length).slice(0, count),
      told: shuffled(random, count - 1),
      asked: random.pick(["tallest", "shortest"] as const),
    };
  },
  // In which order the neighbours are told does not make another problem.
  key: ({ order, asked }) => `${asked}:${order.join("<")}`,
  difficulty: ({ order }) => order.length - 2,
  ask({ order, told, asked }, language) {
    const sentences = told.map((place) => {
      const [low, high] = [nameOf(order[place], language), nameOf(order[place + 1], language)];
      return language === "en" ? `${high} is taller than ${low}. ` : `${high}比${low}高。`;
    });
    const question = language === "en" ? `Who is ${asked}?` : asked === "tallest" ? "谁最高?" : "谁最矮?";
    return `${sentences.join("")}${question}`;
  },
  *attempts(random, problem, language) {
    const line = towards(problem);
    for (let place = random.below(line.length); ; place = Math.max(0, place - 1)) {
      const name = nameOf(line[place], language);
      const next = place === 0 ? null : nameOf(line[place - 1], language);
      yield { step: look(name, next, problem.asked), solved: place === 0, answer: name };
    }
  },
  guess: (random, { order }, language) => nameOf(random.pick(order), language),
  readStep(text) {
    for (const { asked, pattern } of lookPatterns) {
      const match = pattern.exec(text);
      if (match === null) continue;
      const next = match[2] as string;
      const none = languages.some((language) => nobody[language] === next);
      return look(match[1] as string, none ? null : next, asked);
    }
    return null;
  },
  judge(problem, answer, language) {
    const text = answer.trim();
    if (!people[language].includes(text)) return unparsed(`no name: ${JSON.stringify(text.slice(0, 40))}`);
    const gold = nameOf(towards(problem)[0], language);
    return text === gold ? correct : wrong(`${text} instead of ${gold}`);
  },
  toColumns: ({ order, told, asked }) => ({ order: [...order], told: [...told], asked }),
  fromColumns({ order, told, asked }) {
    if (!Array.isArray(order) || !Array.isArray(told) || (asked !== "tallest" && asked !== "shortest")) {
      throw new TypeError("expected an ordering's columns: order, told, asked");
    }
    return { order: order.map(Number), told: told.map(Number), asked };
  },
};
