/** The paper's table by stage: a column a model, lines by suite. */
import type { Measurement, SuiteResult } from "./measure-model.ts";

const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? "" : (100 * value).toFixed(1);

interface Line {
  readonly head: string;
  readonly cell: (result: SuiteResult) => string;
}

/** Markdown; a measurement that has no suite of a name leaves its cells empty. */
export function stageTable(measurements: readonly Measurement[]): string {
  const suites = [...new Set(measurements.flatMap(({ suites: all }) => all.map(({ suite }) => suite)))];
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const lines = suites.flatMap((suite) => {
    const results = measurements.map(({ suites: all }) => all.find((one) => one.suite === suite));
    return linesOf(results.filter((result) => result !== undefined)).map(({ head, cell }) =>
      row([`${suite}: ${head}`, ...results.map((result) => (result === undefined ? "" : cell(result)))]),
    );
  });
  return [
    row(["", ...measurements.map(({ label }) => label)]),
    row(["---", ...measurements.map(() => "---:")]),
    ...lines,
    "",
  ].join("\n");
}

/** The lines of a suite: only what at least one model has a figure for. */
function linesOf(results: readonly SuiteResult[]): Line[] {
  const lines: Line[] = [];
  const add = (head: string, cell: Line["cell"]): void => {
    if (results.some((result) => cell(result) !== "")) lines.push({ head, cell });
  };
  const samples = results[0]?.samples ?? 1;
  add("pass@1", ({ accuracy, low, high }) =>
    accuracy === null ? "" : `${percent(accuracy)} ± ${percent(((high ?? 0) - (low ?? 0)) / 2)}`,
  );
  add(`cons@${samples}`, ({ consensus }) => percent(consensus));
  const rewards = [...new Set(results.flatMap((result) => Object.keys(result.rewards)))];
  for (const name of rewards) {
    if (name !== "accuracy") add(name, ({ rewards: means }) => percent(means[name]));
  }
  add("tokens", ({ meanLength }) => meanLength.toFixed(0));
  add("tokens by difficulty", ({ lengthByDifficulty }) =>
    Object.values(lengthByDifficulty)
      .map((length) => length.toFixed(0))
      .join(" / "),
  );
  add("cut off", ({ truncated }) => percent(truncated));
  return lines;
}
