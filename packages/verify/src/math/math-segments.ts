/** Cuts a short text into prose and formulas (`$…$`, `$$…$$`, `\(…\)`, `\[…\]`) in one scan. */

export interface Segment {
  readonly formula: boolean;
  /** Without the delimiters. */
  readonly content: string;
  readonly start: number;
  readonly end: number;
}

const LONGEST_FORMULA = 1_000;

/** The place of the closing delimiter, or -1. A dollar sign of prose is none: `$5 and $7` holds no formula. */
const findCloser = (text: string, from: number, closer: string): number => {
  const limit = Math.min(text.length, from + LONGEST_FORMULA);
  for (let index = from; index < limit; index += 1) {
    if (text.startsWith(closer, index)) {
      if (closer !== "$") return index;
      const content = text.slice(from, index);
      const tight = !/^\s|\s$/.test(content);
      const wordless = !/[A-Za-z]{2}/.test(content.replace(/\\[A-Za-z]+(?:\{[^{}]*\})?/g, ""));
      return content.trim() !== "" && (tight || wordless) && !/\d/.test(text[index + 1] ?? "") ? index : -1;
    }
    if (text[index] === "\\") index += 1;
  }
  return -1;
};

const openerAt = (text: string, index: number): { length: number; closer: string } | null => {
  if (text.startsWith("$$", index)) return { length: 2, closer: "$$" };
  if (text[index] === "$") return { length: 1, closer: "$" };
  if (text.startsWith("\\(", index)) return { length: 2, closer: "\\)" };
  if (text.startsWith("\\[", index)) return { length: 2, closer: "\\]" };
  return null;
};

/** Prose and formulas in order. The caller bounds the text to a few thousand characters. */
export const mathSegments = (text: string): Segment[] => {
  const segments: Segment[] = [];
  let proseStart = 0;
  let index = 0;
  const closeProse = (end: number): void => {
    if (end > proseStart)
      segments.push({ formula: false, content: text.slice(proseStart, end), start: proseStart, end });
  };
  while (index < text.length) {
    const opener = openerAt(text, index);
    const from = index + (opener?.length ?? 0);
    const close = opener === null ? -1 : findCloser(text, from, opener.closer);
    if (opener === null || close < 0) {
      index += text[index] === "\\" ? 2 : (opener?.length ?? 1);
      continue;
    }
    closeProse(index);
    const end = close + opener.closer.length;
    segments.push({ formula: true, content: text.slice(from, close).trim(), start: index, end });
    index = end;
    proseStart = end;
  }
  closeProse(text.length);
  return segments;
};
