/** Finds a key that an object in a JSON text states twice, which `JSON.parse` would pass over in silence. */

/**
 * The first repeated key of any object within `text`, or `null`.
 * `text` must be valid JSON (parse it first): this only follows strings, braces and brackets.
 */
export function findDuplicateKey(text: string): string | null {
  /** One entry per open container: the keys seen so far, or `null` for an array. */
  const open: (Set<string> | null)[] = [];
  let expectKey = false;
  let position = 0;
  while (position < text.length) {
    const character = text[position];
    if (character === '"') {
      const end = endOfString(text, position);
      const keys = open.at(-1);
      if (expectKey && keys) {
        const key: unknown = JSON.parse(text.slice(position, end));
        if (typeof key !== "string") return null;
        if (keys.has(key)) return key;
        keys.add(key);
        expectKey = false;
      }
      position = end;
      continue;
    }
    if (character === "{") {
      open.push(new Set());
      expectKey = true;
    } else if (character === "[") {
      open.push(null);
      expectKey = false;
    } else if (character === "}" || character === "]") {
      open.pop();
      expectKey = false;
    } else if (character === ",") {
      expectKey = open.at(-1) !== null;
    }
    position += 1;
  }
  return null;
}

/** The position just after the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (position < text.length && text[position] !== '"') position += text[position] === "\\" ? 2 : 1;
  return position + 1;
}
