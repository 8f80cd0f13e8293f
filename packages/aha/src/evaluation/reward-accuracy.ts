/** How well scores tell better responses from worse ones: against chance, and against their lengths alone. */
import type { RewardExample } from "../training/reward-example.ts";
import { accuracyInterval, type Interval } from "./accuracy-interval.ts";

/** A share with its 95 % interval over prompts. */
export interface Share extends Interval {
  readonly accuracy: number;
}

export interface RewardAccuracy {
  readonly examples: number;
  readonly prompts: number;
  /** Mean loss, as it is trained. */
  readonly loss: number;
  readonly model: Share;
  /** What knowing nothing gives: 0.5 of pairs, the larger class of labelled examples. */
  readonly chance: number;
  /** The better of "the longer" and "the shorter" on the training examples (of labelled ones, the best cut). */
  readonly length: Share & { readonly rule: string };
  /** Model minus length, prompt by prompt. */
  readonly difference: Interval & { readonly mean: number };
  readonly sets: Readonly<
    Record<string, Share & { readonly examples: number; readonly lengthAccuracy: number }>
  >;
}

/** 1 for right, 0 for wrong, ½ for a tie. */
type Verdict = (example: RewardExample, scores: readonly number[]) => number;

const higher = (first: number, second: number): number => (first > second ? 1 : first < second ? 0 : 0.5);

const byScore: Verdict = (example, scores) =>
  example.kind === "pair"
    ? higher(scores[0] as number, scores[1] as number)
    : Number((scores[0] as number) > 0 === example.label);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** The loss of one example from its scores, without the centring term. */
function lossOf(example: RewardExample, [first = 0, second = 0]: readonly number[]): number {
  const margin = example.kind === "pair" ? first - second : example.label ? first : -first;
  return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
}

/** A rule that looks at lengths only, the best one on the training examples. */
export function lengthRule(train: readonly RewardExample[]): {
  readonly rule: string;
  readonly verdict: Verdict;
} {
  const pairs = train.flatMap((one) => (one.kind === "pair" ? [one] : []));
  if (pairs.length > 0) {
    const longer = mean(pairs.map(({ chosen, rejected }) => higher(chosen.characters, rejected.characters)));
    const sign = longer >= 0.5 ? 1 : -1;
    return {
      rule: sign > 0 ? "the longer" : "the shorter",
      verdict: (one) =>
        one.kind === "pair" ? higher(sign * one.chosen.characters, sign * one.rejected.characters) : 0.5,
    };
  }
  const labelled = train.flatMap((one) =>
    one.kind === "labelled" ? [{ characters: one.response.characters, label: one.label }] : [],
  );
  const { cut, longerIsGood } = bestCut(labelled);
  return {
    rule: `${longerIsGood ? "longer than" : "at most"} ${cut} characters`,
    verdict: (one) =>
      Number(one.kind === "labelled" && one.response.characters > cut === (one.label === longerIsGood)),
  };
}

interface Labelled {
  readonly characters: number;
  readonly label: boolean;
}

/** The cut of lengths, and the side that is called good, with the fewest errors. */
function bestCut(labelled: readonly Labelled[]): { readonly cut: number; readonly longerIsGood: boolean } {
  const sorted = [...labelled].sort((a, b) => a.characters - b.characters);
  const good = sorted.filter(({ label }) => label).length;
  // All of them are longer than −1.
  let best = {
    right: Math.max(good, sorted.length - good),
    cut: -1,
    longerIsGood: good * 2 >= sorted.length,
  };
  let goodBelow = 0;
  sorted.forEach(({ characters, label }, index) => {
    if (label) goodBelow++;
    if (sorted[index + 1]?.characters === characters) return;
    const right = good - goodBelow + (index + 1 - goodBelow);
    for (const [count, longerIsGood] of [
      [right, true],
      [sorted.length - right, false],
    ] as const) {
      if (count > best.right) best = { right: count, cut: characters, longerIsGood };
    }
  });
  return best;
}

/** Means over each prompt's examples: the prompts are the independent draws. */
function promptMeans(examples: readonly RewardExample[], verdicts: readonly number[]): number[] {
  const byPrompt = new Map<string, number[]>();
  examples.forEach(({ prompt }, index) => {
    const held = byPrompt.get(prompt);
    if (held === undefined) byPrompt.set(prompt, [verdicts[index] as number]);
    else held.push(verdicts[index] as number);
  });
  return [...byPrompt.values()].map(mean);
}

function share(examples: readonly RewardExample[], verdicts: readonly number[]): Share {
  return { accuracy: mean(verdicts), ...accuracyInterval(promptMeans(examples, verdicts), 1) };
}

/** `scores`: of each held-out example, of its sequences. The length rule is chosen on `train`. */
export function rewardAccuracy(
  heldOut: readonly RewardExample[],
  scores: readonly (readonly number[])[],
  train: readonly RewardExample[],
): RewardAccuracy {
  const { rule, verdict: byLength } = lengthRule(train);
  const verdicts = heldOut.map((one, index) => byScore(one, scores[index] as readonly number[]));
  const lengths = heldOut.map((one) => byLength(one, []));
  const differences = promptMeans(
    heldOut,
    verdicts.map((verdict, index) => verdict - (lengths[index] as number)),
  );
  const centre = mean(differences);
  const squares = differences.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const half =
    1.959963984540054 *
    Math.sqrt(squares / Math.max(1, differences.length - 1) / Math.max(1, differences.length));
  const labels = heldOut.flatMap((one) => (one.kind === "labelled" ? [one.label] : []));
  const good = labels.filter(Boolean).length / Math.max(1, labels.length);
  const names = [...new Set(heldOut.map(({ set }) => set))];
  const sets = Object.fromEntries(
    names.map((name) => {
      const chosen = heldOut.flatMap(({ set }, index) => (set === name ? [index] : []));
      const pick = (values: readonly number[]): number[] => chosen.map((index) => values[index] as number);
      const own = chosen.map((index) => heldOut[index] as RewardExample);
      return [
        name,
        { ...share(own, pick(verdicts)), examples: own.length, lengthAccuracy: mean(pick(lengths)) },
      ];
    }),
  );
  return {
    examples: heldOut.length,
    prompts: differences.length,
    loss: mean(heldOut.map((one, index) => lossOf(one, scores[index] as readonly number[]))),
    model: share(heldOut, verdicts),
    chance: labels.length > 0 ? Math.max(good, 1 - good) : 0.5,
    length: { ...share(heldOut, lengths), rule },
    difference: { mean: centre, low: centre - half, high: centre + half },
    sets,
  };
}
