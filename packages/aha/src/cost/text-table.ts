/** Tables as text: aligned for a terminal, or in Markdown. */

export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Set apart below the rows. */
  readonly foot?: readonly string[];
}

/** How many columns of a terminal a text takes; East Asian characters take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
      character,
    )
      ? 2
      : 1;
  return width;
}

const pad = (text: string, width: number, left: boolean): string => {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return left ? `${text}${space}` : `${space}${text}`;
};

/** The first column to the left, the others to the right. */
export function terminalTable({ head, rows, foot }: TextTable): string {
  const all = [head, ...rows, ...(foot === undefined ? [] : [foot])];
  const widths = head.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ""))));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => pad(row[column] ?? "", width, column === 0))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  const end = foot === undefined ? [] : [rule, line(foot)];
  return [line(head), rule, ...rows.map(line), ...end].join("\n");
}

export function markdownTable({ head, rows, foot }: TextTable): string {
  const line = (row: readonly string[]): string =>
    `| ${head.map((_, column) => (row[column] ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `|${head.map((_, column) => (column === 0 ? "---|" : "---:|")).join("")}`;
  const last = foot === undefined ? [] : [line(foot.map((cell) => (cell === "" ? "" : `**${cell}**`)))];
  return [line(head), rule, ...rows.map(line), ...last].join("\n");
}

const steps: readonly (readonly [number, string])[] = [
  [1e24, "Y"],
  [1e21, "Z"],
  [1e18, "E"],
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "K"],
];

/** Three significant digits with a prefix of SI: `1.23M`. */
export function scaled(value: number): string {
  const [size, letter] = steps.find(([least]) => Math.abs(value) >= least) ?? [1, ""];
  const shown = value / size;
  if (Number.isInteger(shown) && letter === "") return String(shown);
  return `${shown.toFixed(Math.abs(shown) >= 100 ? 0 : Math.abs(shown) >= 10 ? 1 : 2)}${letter}`;
}

/** Hours with as many digits as tell something: `198`, `0.0502`. */
export const hoursText = (hours: number): string =>
  hours >= 1000
    ? `${(hours / 1000).toFixed(hours >= 100_000 ? 0 : 1)}K`
    : hours === 0
      ? "0"
      : String(Number(hours.toPrecision(3)));

/** US dollars: `$202K`, `$12.50`, `$0.0008`. */
export function dollarsText(dollars: number): string {
  if (dollars >= 1e6) return `$${(dollars / 1e6).toFixed(2)}M`;
  if (dollars >= 1000) return `$${(dollars / 1000).toFixed(dollars >= 100_000 ? 0 : 1)}K`;
  if (dollars >= 1 || dollars === 0) return `$${dollars.toFixed(2)}`;
  return `$${Number(dollars.toPrecision(2))}`;
}
