/** Linear scans over LaTeX that respect brackets: matching, splitting and finding at the top level. */

const OPENERS = new Set(["(", "[", "{"]);
const CLOSERS = new Set([")", "]", "}"]);

/** The length of the token at `index`: a command such as `\frac` or `\{` counts as one. */
export const tokenLength = (text: string, index: number): number => {
  if (text[index] !== "\\") return 1;
  let end = index + 1;
  while (end < text.length && isLetter(text.charCodeAt(end))) end += 1;
  return Math.max(end - index, Math.min(2, text.length - index));
};

const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** How a token changes the depth: +1 for an opener (also `\{` and `\langle`, `\begin`), -1 for a closer. */
const depthChange = (token: string): number => {
  if (OPENERS.has(token) || token === "\\{" || token === "\\langle" || token === "\\begin") return 1;
  if (CLOSERS.has(token) || token === "\\}" || token === "\\rangle" || token === "\\end") return -1;
  return 0;
};

/** The index just past the brace group that opens at `open` (which must be `{`), or -1 when it never closes. */
export const closingBrace = (text: string, open: number): number => {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\") index += 1;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return -1;
};

/** The deepest nesting of brackets in the text. Guards every recursive reader. */
export const nestingDepth = (text: string): number => {
  let [depth, deepest] = [0, 0];
  for (let index = 0; index < text.length; index += tokenLength(text, index)) {
    depth += depthChange(text.slice(index, index + tokenLength(text, index)));
    deepest = Math.max(deepest, depth);
  }
  return deepest;
};

/** Each token outside every bracket, with its place. Brackets of any kind match each other: `[0,1)`. */
export const topLevelTokens = (text: string): { token: string; index: number }[] => {
  const tokens: { token: string; index: number }[] = [];
  let depth = 0;
  let index = 0;
  while (index < text.length) {
    const length = tokenLength(text, index);
    const token = text.slice(index, index + length);
    const change = depthChange(token);
    if (change < 0) depth = Math.max(0, depth - 1);
    if (depth === 0 && change === 0) tokens.push({ token, index });
    if (change > 0) depth += 1;
    index += length;
  }
  return tokens;
};

/** The text cut at every top-level separator: `parts` has one more element than `separators`. */
export const splitTopLevel = (
  text: string,
  isSeparator: (token: string) => boolean,
): { parts: string[]; separators: string[] } => {
  const parts: string[] = [];
  const separators: string[] = [];
  let start = 0;
  for (const { token, index } of topLevelTokens(text)) {
    if (!isSeparator(token)) continue;
    parts.push(text.slice(start, index).trim());
    separators.push(token);
    start = index + token.length;
  }
  parts.push(text.slice(start).trim());
  return { parts, separators };
};

/** The brackets around the whole text, when its first token's partner is its last token; else null. */
export const enclosingBrackets = (text: string): { open: string; close: string; inner: string } | null => {
  const first = text.slice(0, tokenLength(text, 0));
  if (depthChange(first) !== 1 || first === "\\begin") return null;
  let depth = 0;
  let index = 0;
  while (index < text.length) {
    const length = tokenLength(text, index);
    const token = text.slice(index, index + length);
    depth += depthChange(token);
    if (depth === 0)
      return index + length === text.length
        ? { open: first, close: token, inner: text.slice(first.length, index).trim() }
        : null;
    index += length;
  }
  return null;
};
