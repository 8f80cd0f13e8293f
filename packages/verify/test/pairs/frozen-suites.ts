/** The frozen suites of other projects, with the labels that a look at the mathematics gives where theirs differ. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataFolder, type Pair, readJsonLines } from "./pair.ts";

export interface FrozenPair extends Pair {
  /** What the suite's own verdict is: a test's expectation, or the Qwen evaluator's score. */
  readonly suiteVerdict: boolean;
}

interface Label {
  readonly suite: string;
  readonly prediction: string;
  readonly gold: string;
  /** Null where mathematics does not decide; such a pair is left out. */
  readonly truth: boolean | null;
  readonly reason: string;
}

const labelFolder = join(import.meta.dirname, "../../bench/labels");

export function readLabels(): Label[] {
  return readJsonLines(join(labelFolder, "frozen.jsonl")) as unknown as Label[];
}

type Row = Readonly<Record<string, unknown>>;

const readers: Readonly<Record<string, (row: Row) => Omit<FrozenPair, "suite" | "id">[]>> = {
  hendrycks_math: (row) => [frozen(row.pred, row.gold, row.expected === true, String(row.test))],
  nemo_math_equal: (row) => {
    const [prediction, gold] = row.output_pair as [unknown, unknown];
    return [frozen(prediction, gold, row.test === "test_correct_examples", String(row.test))];
  },
  qwen_math_cot_100_scored_pairs: (row) => [
    frozen(row.pred, row.gold, row.score === true, `problem ${row.idx}`),
  ],
  latex2sympy2_extended_param: readParserCase,
};

function frozen(
  prediction: unknown,
  gold: unknown,
  verdict: boolean,
  rule: string,
): Omit<FrozenPair, "suite" | "id"> {
  return { prediction: String(prediction), gold: String(gold), truth: verdict, suiteVerdict: verdict, rule };
}

/** A parser's case says what the text reads as; the labels write that another way, and write something else. */
function readParserCase(row: Row): Omit<FrozenPair, "suite" | "id">[] {
  const cases = readJsonLines(join(labelFolder, "latex2sympy2_extended.jsonl"));
  const label = cases.find(({ file, line }) => file === row.file && line === row.line);
  if (!label) throw new Error(`Expected a label for ${row.file}:${row.line} in ${labelFolder}; add one`);
  if (label.gold === null) return [];
  const prediction = row.input ?? row.latex;
  return [
    frozen(prediction, label.gold, true, String(row.test)),
    frozen(prediction, label.wrong, false, String(row.test)),
  ];
}

/** Pairs written and judged by hand, with a reason each; they are part of the project, so they are always there. */
export function readHandmadePairs(): Pair[] {
  return ["handmade", "handmade-second"].flatMap((suite) => {
    const rows = readJsonLines(join(labelFolder, `${suite}.jsonl`)) as unknown as Label[];
    return rows.map(({ prediction, gold, truth, reason }, index) => {
      if (truth === null) throw new Error(`Expected a truth for ${gold} in ${suite}.jsonl; got null`);
      return { suite, id: String(index), prediction, gold, truth, rule: reason };
    });
  });
}

/** All pairs of the suites whose files are there. */
export function readFrozenSuites(): FrozenPair[] {
  const labels = readLabels();
  return Object.entries(readers).flatMap(([file, read]) => {
    const path = join(dataFolder, "verifier", `${file}.jsonl`);
    if (!existsSync(path)) return [];
    const suite = file.replace(/_scored_pairs$|_param$/, "");
    return readJsonLines(path).flatMap((row, index) =>
      read(row).flatMap((pair, part) => {
        const label = labels.find(
          (one) => one.suite === suite && one.prediction === pair.prediction && one.gold === pair.gold,
        );
        if (label?.truth === null) return [];
        return [{ ...pair, truth: label?.truth ?? pair.truth, suite, id: `${index}.${part}` }];
      }),
    );
  });
}
