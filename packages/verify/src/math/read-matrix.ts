/** Matrices and column vectors: `\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}` in any of LaTeX's brackets. */

import type { Answer } from "./answer.ts";
import { splitTopLevel } from "./balanced.ts";
import { call } from "./expression.ts";

const MAXIMUM_DEPTH = 12;
/** Not `vmatrix`, which is a determinant: a number. */
const ENVIRONMENT =
  /^(?:[([] ?)?\\begin ?\{ ?([pbB]?matrix|smallmatrix|array|aligned|cases)\*? ?\} ?(?:\{[lcr| ]*\})?(.*)\\end ?\{ ?\1\*? ?\}(?: ?[)\]])?$/s;

/** What stands before a matrix as its factor: `-`, `2`, `\frac{1}{3}`, with or without a dot. */
const FACTOR = /^([^([|\s][^&]{0,60}?) ?(?:\\cdot ?|\\times ?)?((?:\\begin|[([] ?\\begin).*)$/s;

type ReadPart = (text: string, depth: number) => Answer | null;

const scaled = (factor: string, matrix: Answer | null, depth: number, readPart: ReadPart): Answer | null => {
  const scale = readPart(factor === "-" ? "-1" : factor, depth + 1);
  if (matrix?.kind !== "matrix" || scale?.kind !== "value") return null;
  const rows: Answer[][] = [];
  for (const row of matrix.rows) {
    const entries: Answer[] = [];
    for (const entry of row) {
      if (entry.kind !== "value") return null;
      entries.push({ ...entry, expression: call("Multiply", scale.expression, entry.expression) });
    }
    rows.push(entries);
  }
  return { kind: "matrix", rows };
};

/** The matrix, a list for `cases` and `aligned`, or null when the text is none or holds another environment. */
export const readMatrix = (text: string, depth: number, readPart: ReadPart): Answer | null => {
  if (depth > MAXIMUM_DEPTH || !text.includes("\\begin")) return null;
  const [, before = "", rest = text] = FACTOR.exec(text) ?? [];
  if (before !== "") return scaled(before, readMatrix(rest, depth + 1, readPart), depth, readPart);
  const match = ENVIRONMENT.exec(text);
  if (match === null || (match[2] ?? "").includes("\\begin")) return null;
  const lines = splitTopLevel(match[2] ?? "", (token) => token === "\\\\").parts.filter(
    (line) => line !== "",
  );
  const rows: Answer[][] = [];
  for (const line of lines) {
    const row: Answer[] = [];
    for (const cell of splitTopLevel(line, (token) => token === "&").parts) {
      if (cell === "" && match[1] !== undefined && /cases|aligned/.test(match[1])) continue;
      const entry = readPart(cell.replace(/[,.;]$/, ""), depth + 1);
      if (entry === null) return null;
      row.push(entry);
    }
    rows.push(row);
  }
  if (rows.length === 0 || rows.some((row) => row.length !== rows[0]?.length)) return null;
  if (/cases|aligned/.test(match[1] ?? ""))
    return { kind: "collection", open: "", close: "", items: rows.flat() };
  return { kind: "matrix", rows };
};
