/** Finds the contents of `\boxed{…}` in a text, nested braces and all. */

/** A box longer than this is not read. */
const longestBox = 500;

/** Contents of the closed boxes in order, outermost only. At most `longestBox` steps for each box that opens. */
export function findBoxed(text: string): string[] {
  const boxes: string[] = [];
  const opening = /\\f?boxed\s{0,4}\{/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const start = match.index + match[0].length;
    const end = closingBrace(text, start);
    if (end === null) continue;
    boxes.push(text.slice(start, end));
    opening.lastIndex = end + 1;
  }
  return boxes;
}

function closingBrace(text: string, start: number): number | null {
  let depth = 1;
  const last = Math.min(text.length, start + longestBox);
  for (let index = start; index < last; index++) {
    const character = text[index];
    if (character === "\\") index++;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return index;
  }
  return null;
}
