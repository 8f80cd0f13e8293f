/** Matrices and column vectors: `\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}` in any of LaTeX's brackets. */

import type { Answer } from "./answer.ts";
import { splitTopLevel } from "./balanced.ts";

const ENVIRONMENT =
  /^(?:[([|] ?)?\\begin ?\{ ?([pbvBV]?matrix|smallmatrix|array|aligned|cases)\*? ?\} ?(?:\{[lcr| ]*\})?(.*)\\end ?\{ ?\1\*? ?\}(?: ?[)\]|])?$/s;

/** The matrix, a list for `cases` and `aligned`, or null when the text is none or holds another environment. */
export const readMatrix = (
  text: string,
  depth: number,
  readPart: (text: string, depth: number) => Answer | null,
): Answer | null => {
  if (!text.includes("\\begin")) return null;
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
