/** Takes out of a text what is written in no human language: code, formulas, addresses and tags. */

/** Stands where something was taken out: no letter, no white space, no end of a sentence. */
export const gap = "\ufffc";

/** A formula longer than this is none: nobody hides a paragraph between two dollar signs. */
const longestInlineFormula = 1_000;
const longestDisplayFormula = 5_000;

const environments = "equation|align|gather|multline|array|matrix|[bpvV]matrix|cases|aligned|split|eqnarray";
const environmentPattern = new RegExp(String.raw`\\(begin|end)\{(?:${environments})\*?\}`, "g");
const addressPattern = /(?:https?:\/\/|www\.)[\x21-\x7e]{1,2000}/gi;
const mailPattern = /[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}/g;
const pathPattern = /(^|[\s("'`])(?:~|\.{1,2})?\/[\w.-]{1,100}(?:\/[\w.-]{1,100}){0,20}/g;
const tagPattern = /<\/?[a-zA-Z][\w:-]{0,40}\/?>/g;
const commandPattern = /\\[a-zA-Z]{1,40}/g;

/**
 * `text` with fenced and inline code, LaTeX formulas and commands, addresses, file paths and tags replaced by
 * `gap`. Markdown's and Pandoc's rules decide what is code and what a formula (`$5 and $10` is none). Linear in
 * the text.
 */
export function keepProse(text: string): string {
  let prose = cutFencedCode(text);
  prose = cutBetween(prose, "$$", "$$");
  prose = cutBetween(prose, "\\[", "\\]");
  prose = cutBetween(prose, "\\(", "\\)");
  prose = cutEnvironments(prose);
  prose = prose.split("\n").map(cutInlineCode).map(cutDollars).join("\n");
  return prose
    .replace(addressPattern, gap)
    .replace(mailPattern, gap)
    .replace(pathPattern, `$1${gap}`)
    .replace(tagPattern, gap)
    .replace(commandPattern, gap);
}

/** A fence is a line that opens with ``` or ~~~; it lasts to a line of at least as many of the same, or to the end. */
function cutFencedCode(text: string): string {
  if (!text.includes("```") && !text.includes("~~~")) return text;
  const kept: string[] = [];
  let fence = "";
  for (const line of text.split("\n")) {
    const mark = /^[ \t]{0,8}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === "") {
      // ```inline``` on one line is inline code, not a fence.
      if (mark === undefined || (mark[0] === "`" && line.trim().slice(mark.length).includes("`"))) {
        kept.push(line);
      } else {
        fence = mark;
        kept.push(gap);
      }
    } else if (mark?.startsWith(fence) && line.trim() === mark) fence = "";
  }
  return kept.join("\n");
}

/** Cuts `open … close` where it closes within the limit for a display; each mark is searched once. */
function cutBetween(text: string, open: string, close: string): string {
  let start = text.indexOf(open);
  if (start < 0) return text;
  const kept: string[] = [];
  let position = 0;
  let end = -1;
  while (start >= 0) {
    if (end < start + open.length) end = text.indexOf(close, start + open.length);
    if (end < 0) break;
    if (end - start <= longestDisplayFormula) {
      kept.push(text.slice(position, start));
      position = end + close.length;
      start = text.indexOf(open, position);
    } else start = text.indexOf(open, start + open.length);
  }
  kept.push(text.slice(position));
  return kept.join(gap);
}

/** Cuts from the first `\begin{equation}` (or another of the kind) to the `\end` that brings the depth back. */
function cutEnvironments(text: string): string {
  const kept: string[] = [];
  let depth = 0;
  let position = 0;
  let start = 0;
  for (const match of text.matchAll(environmentPattern)) {
    if (match[1] === "begin") {
      if (depth++ === 0) start = match.index;
    } else if (depth > 0 && --depth === 0 && match.index - start <= longestDisplayFormula) {
      kept.push(text.slice(position, start));
      position = match.index + match[0].length;
    }
  }
  kept.push(text.slice(position));
  return kept.join(gap);
}

/** Cuts `code` spans of one line: a run of backticks to the next run of the same length. */
function cutInlineCode(line: string): string {
  if (!line.includes("`")) return line;
  const runs = [...line.matchAll(/`+/g)].map(({ 0: run, index }) => ({ start: index, length: run.length }));
  return cutPairs(line, runs, (_, run) => run.length);
}

/** Cuts `$…$` by Pandoc's rule: no white space inside the marks, no digit after the closing one. */
function cutDollars(line: string): string {
  if (!line.includes("$")) return line;
  const marks = [...line.matchAll(/\$/g)]
    .map(({ index }) => ({ start: index, length: 1 }))
    .filter(({ start }) => line[start - 1] !== "\\");
  const opens = (at: number): boolean => /\S/.test(line[at + 1] ?? " ");
  const closes = (at: number): boolean => /\S/.test(line[at - 1] ?? " ") && !/\d/.test(line[at + 1] ?? "");
  return cutPairs(line, marks, (role, { start }) =>
    (role === "open" ? opens(start) : closes(start)) ? "$" : null,
  );
}

interface Mark {
  readonly start: number;
  readonly length: number;
}

/**
 * Cuts from each mark that can open to the next mark that closes with the same key (null: cannot play the role),
 * within the limit of an inline formula. Linear: the next closing mark of each key is known beforehand.
 */
function cutPairs(
  line: string,
  marks: readonly Mark[],
  keyOf: (role: "open" | "close", mark: Mark) => string | number | null,
): string {
  const nextClosing: (number | undefined)[] = [];
  const nearest = new Map<string | number, number>();
  for (let index = marks.length - 1; index >= 0; index--) {
    const mark = marks[index] as Mark;
    const openKey = keyOf("open", mark);
    nextClosing[index] = openKey === null ? undefined : nearest.get(openKey);
    const closeKey = keyOf("close", mark);
    if (closeKey !== null) nearest.set(closeKey, index);
  }
  const kept: string[] = [];
  let position = 0;
  for (let index = 0; index < marks.length; index++) {
    const closing = nextClosing[index];
    if (closing === undefined) continue;
    const open = marks[index] as Mark;
    const close = marks[closing] as Mark;
    if (close.start - open.start > longestInlineFormula) continue;
    kept.push(line.slice(position, open.start));
    position = close.start + close.length;
    index = closing;
  }
  kept.push(line.slice(position));
  return kept.join(gap);
}
