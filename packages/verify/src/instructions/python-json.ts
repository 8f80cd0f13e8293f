/** Whether a text is JSON as Python's `json.loads` reads it, which takes `NaN`, `Infinity` and `-Infinity` too. */

/** Linear in the text's length. */
export function isPythonJson(text: string): boolean {
  return isJson(text) || (/NaN|Infinity/.test(text) && isJson(withoutNonFinite(text)));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Whatever the parser throws on hostile text means the same here: not JSON.
    return false;
  }
}

/** Writes `null` for the non-finite numbers outside strings; by a scan, since a pattern would start anew at each quote. */
function withoutNonFinite(text: string): string {
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    const quote = text.indexOf('"', start);
    const end = quote < 0 ? text.length : quote;
    parts.push(text.slice(start, end).replace(/NaN|-?Infinity/g, " null "));
    start = quote < 0 ? end : endOfString(text, quote);
    parts.push(text.slice(end, start));
  }
  return parts.join("");
}

function endOfString(text: string, quote: number): number {
  let index = quote + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return Math.min(index + 1, text.length);
}
