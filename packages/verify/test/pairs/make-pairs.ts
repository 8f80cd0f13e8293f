/** The generated suites: thousands of pairs whose truth is known from how they were made. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { algebraFamilies } from "./construct-algebra.ts";
import { collectionFamilies } from "./construct-collections.ts";
import { valueFamilies } from "./construct-values.ts";
import { mutateGold } from "./mutate-gold.ts";
import { dataFolder, type Pair, readJsonLines, type Variant } from "./pair.ts";
import { buryAnswer, phraseAnswer } from "./phrase.ts";
import { makeRandom, type Random } from "./random.ts";
import { rewriteGold } from "./rewrite-gold.ts";

/** Golds of a data set, and how many rewritings and changes each one gets. */
interface GoldSet {
  readonly suite: string;
  readonly golds: readonly string[];
  readonly rewritings: number;
  readonly changes: number;
}

function readGoldSets(): GoldSet[] {
  const at = (...parts: string[]): string => join(dataFolder, ...parts);
  const sets: GoldSet[] = [];
  if (existsSync(at("math500"))) {
    const golds = readJsonLines(at("math500/test.jsonl")).map((row) => String(row.answer));
    sets.push({ suite: "math500", golds, rewritings: 5, changes: 4 });
  }
  if (existsSync(at("math"))) {
    const rows = JSON.parse(readFileSync(at("math/train.json"), "utf8")) as { answer: string | null }[];
    const answers = new Set(rows.map((row) => row.answer ?? ""));
    // Whole numbers are plentiful in the other sets; the one gold that is empty is told at load time.
    const golds = [...answers].filter((answer) => answer.trim() !== "" && !/^-?\d+$/.test(answer));
    sets.push({ suite: "math train", golds, rewritings: 2, changes: 2 });
  }
  if (existsSync(at("aime"))) {
    const rows = JSON.parse(readFileSync(at("aime/aime_1983_2023_rllm.json"), "utf8")) as {
      answer: string;
    }[];
    const latest = readJsonLines(at("aime/aime24_qwen.jsonl")).map((row) => String(row.answer));
    sets.push({
      suite: "aime",
      golds: [...rows.map((row) => row.answer), ...latest],
      rewritings: 1,
      changes: 1,
    });
  }
  if (existsSync(at("gsm8k"))) {
    const golds = readJsonLines(at("gsm8k/test.jsonl")).map(
      (row) => String(row.answer).split("#### ")[1] ?? "",
    );
    sets.push({ suite: "gsm8k", golds: golds.map((gold) => gold.trim()), rewritings: 1, changes: 1 });
  }
  return sets;
}

/** Half of the answers stand bare in a box, half in the prose of a model's reply. */
function state(
  suite: string,
  id: string,
  gold: string,
  variant: Variant,
  truth: boolean,
  random: Random,
): Pair {
  const plain = /^[\d.]+$/.test(variant.text);
  const phrased =
    random.next() < 0.5
      ? { rule: "boxed", text: `\\boxed{${variant.text}}` }
      : phraseAnswer(variant.text, plain, random);
  return place(suite, {
    id,
    gold,
    prediction: phrased.text,
    truth,
    rule: `${variant.rule} | ${phrased.rule}`,
  });
}

/** Replies with a thinking part are a suite of their own: most verifiers expect it to be cut off before them. */
function place(suite: string, pair: Omit<Pair, "suite">): Pair {
  if (!pair.prediction.includes("<think>")) return { suite, ...pair };
  return { ...pair, suite: "thinking", id: `${suite} ${pair.id}` };
}

function fromGolds({ suite, golds, rewritings, changes }: GoldSet, random: Random): Pair[] {
  return golds.flatMap((gold, row) => {
    const right = random.sample(rewriteGold(gold, random), rewritings);
    const wrong = random.sample(mutateGold(gold, random), changes);
    const pairs = [
      ...right.map((variant, index) => state(suite, `${row}+${index}`, gold, variant, true, random)),
      ...wrong.map((variant, index) => state(suite, `${row}-${index}`, gold, variant, false, random)),
    ];
    const change = wrong[0];
    if (change && !/\\text/.test(gold)) {
      const { rule, text } = buryAnswer(gold, change.text, random);
      const made = {
        id: `${suite} ${row}`,
        gold,
        prediction: text,
        truth: false,
        rule: `${change.rule} | ${rule}`,
      };
      pairs.push(place("buried", made));
    }
    return pairs;
  });
}

function fromFamilies(rounds: number, random: Random): Pair[] {
  const families = [...algebraFamilies, ...valueFamilies, ...collectionFamilies];
  return Array.from({ length: rounds }, (_, round) => round).flatMap((round) =>
    families.flatMap((family) => {
      const { family: name, gold, right, wrong } = family(random);
      const pick = (variants: readonly Variant[], truth: boolean): Pair[] =>
        random
          .sample(
            variants.filter(({ text }) => text !== gold),
            3,
          )
          .map((variant, index) => ({
            ...state(
              "constructed",
              `${name} ${round}${truth ? "+" : "-"}${index}`,
              gold,
              variant,
              truth,
              random,
            ),
            rule: `${name}: ${variant.rule}`,
          }));
      return [...pick(right, true), ...pick(wrong, false)];
    }),
  );
}

/** The suites for one seed; those whose data is absent are left out, the constructed one never is. */
export function makePairs(seed: number, rounds = 40): Pair[] {
  return [
    ...readGoldSets().flatMap((set) => fromGolds(set, makeRandom(seed))),
    ...fromFamilies(rounds, makeRandom(seed + 1)),
  ];
}
