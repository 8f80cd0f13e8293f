/** The shapes of a gold answer's text that rewritings and changes need: brackets and lists, by plain scanning. */

/** A list's or tuple's parts, cut at commas outside brackets; null where a comma groups thousands. */
export function splitParts(inner: string): string[] | null {
  if (/,\\!|\{,\}|\\,/.test(inner)) return null;
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < inner.length; index++) {
    const character = inner[index] ?? "";
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "," && depth === 0) {
      parts.push(inner.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...parts, inner.slice(start).trim()];
}

export interface Bracketed {
  readonly open: "(" | "[";
  readonly close: ")" | "]";
  readonly parts: readonly string[];
}

/** `(a, b]`, `\left( a, b, c \right)`: a tuple, a point or an interval of at least two parts. */
export function readBracketed(gold: string): Bracketed | null {
  const match = /^(?:\\left\s*)?([([])(.*?)(?:\\right\s*)?([)\]])$/s.exec(gold.trim());
  if (!match) return null;
  const [, open, inner = "", close] = match;
  if (/\\cup|\)\s*\(/.test(inner)) return null;
  const parts = splitParts(inner.trim());
  if (!parts || parts.length < 2) return null;
  return { open: open as "(" | "[", close: close as ")" | "]", parts };
}

/** `3, 5, 7`: at least two numbers or expressions, none with brackets of its own. */
export function readList(gold: string): string[] | null {
  if (/[()[\]=]|\\text|\\pm|\\begin|\$/.test(gold) || /^-?\d{1,3}(,\d{3})+$/.test(gold)) return null;
  const parts = splitParts(gold);
  return parts && parts.length > 1 ? parts : null;
}
