/** The results table as aligned text for a terminal, and as Markdown. */
import type { ResultsTable } from "./results-table.ts";

/** Width of a text in a terminal's cells, near enough: Chinese and the like take two. */
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

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

export function tableText({ columns, rows, notes }: ResultsTable): string {
  const lines = [
    ["", "", ...columns],
    ...rows.map(({ benchmark, metric, cells }, index) => [
      rows[index - 1]?.benchmark === benchmark ? "" : benchmark,
      metric,
      ...cells,
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ""))),
  );
  const body = lines.map((line) =>
    line
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${body.join("\n")}\n${notes.map((note) => `${note}\n`).join("")}`;
}

const escapeCell = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("|", "\\|");

export function tableMarkdown({ columns, measured, rows, notes }: ResultsTable): string {
  const head = [
    "benchmark",
    "metric",
    ...columns.map((name, index) => (index < measured ? name : `${name} †`)),
  ];
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [
    line(head),
    `|${head.map((_, column) => (column < 2 ? "---" : "--:")).join("|")}|`,
    ...rows.map(({ benchmark, metric, cells }, index) =>
      line([rows[index - 1]?.benchmark === benchmark ? "" : benchmark, metric, ...cells]),
    ),
    "",
    ...notes.map((note) => `${note.startsWith("Published") ? "† " : ""}${note}\n`),
  ].join("\n");
}
