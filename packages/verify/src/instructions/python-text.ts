/** Text questions answered as Python's `str` and `re` answer them, which IFEval's published verdicts rest on. */

/** Python's `\s` and `str.isspace`: not JavaScript's `\s`, which takes U+FEFF and leaves out U+001C–U+001F, U+0085. */
export const pythonSpaceClass =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** Python's `\w`: `str.isalnum` or an underscore; combining marks do not count. */
export const pythonWordClass = "\\p{L}\\p{N}_";

const spaceCharacter = new RegExp(`[${pythonSpaceClass}]`);
const wordCharacter = new RegExp(`[${pythonWordClass}]`, "u");
const uppercase = /\p{Uppercase}/u;
const lowercaseOrTitle = /[\p{Lowercase}\p{Lt}]/u;
const lowercase = /\p{Lowercase}/u;
const uppercaseOrTitle = /[\p{Uppercase}\p{Lt}]/u;

/** Whether the UTF-16 unit at `index` is white space; false beyond the text. */
export function isSpaceAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (code < 128) return code === 32 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
  return code >= 128 && spaceCharacter.test(text.charAt(index));
}

/** Whether the character that begins at `index` is a word character; false beyond the text. */
export function isWordAt(text: string, index: number): boolean {
  const code = text.codePointAt(index);
  return code !== undefined && index >= 0 && wordCharacter.test(String.fromCodePoint(code));
}

/** Whether the character that ends just before `index` is a word character; false at the start. */
export function isWordBefore(text: string, index: number): boolean {
  const unit = text.charCodeAt(index - 1);
  const isLowSurrogate = unit >= 0xdc00 && unit <= 0xdfff;
  return isWordAt(text, isLowSurrogate && index >= 2 ? index - 2 : index - 1);
}

/** `str.strip()`. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpaceAt(text, start)) start++;
  while (end > start && isSpaceAt(text, end - 1)) end--;
  return text.slice(start, end);
}

/** `not text.strip()`. */
export function isBlank(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (!isSpaceAt(text, index)) return false;
  return true;
}

/** `str.lstrip(character)` for one character. */
export function stripStart(text: string, character: string): string {
  let start = 0;
  while (start < text.length && text[start] === character) start++;
  return text.slice(start);
}

/** `str.rstrip(character)` for one character. */
export function stripEnd(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end--;
  return text.slice(0, end);
}

/** `str.isupper()`: some cased character, and every one of them upper case. */
export function isUpperCase(text: string): boolean {
  return uppercase.test(text) && !lowercaseOrTitle.test(text);
}

/** `str.islower()`: some cased character, and every one of them lower case. */
export function isLowerCase(text: string): boolean {
  return lowercase.test(text) && !uppercaseOrTitle.test(text);
}

/** What Python's `re.IGNORECASE` holds equal beyond simple lower case (its table of extra cases). */
const sameUnderIgnoreCase: ReadonlyMap<string, string> = new Map([
  ["İ", "i"],
  ["ı", "i"],
  ["ſ", "s"],
  ["µ", "μ"],
  ["\u0345", "ι"],
  ["\u1fbe", "ι"],
  ["\u1fd3", "\u0390"],
  ["\u1fe3", "\u03b0"],
  ["ϐ", "β"],
  ["ϵ", "ε"],
  ["ϑ", "θ"],
  ["ϰ", "κ"],
  ["ϖ", "π"],
  ["ϱ", "ρ"],
  ["ς", "σ"],
  ["ϕ", "φ"],
  ["ẛ", "ṡ"],
  ["\u1c80", "в"],
  ["\u1c81", "д"],
  ["\u1c82", "о"],
  ["\u1c83", "с"],
  ["\u1c84", "т"],
  ["\u1c85", "т"],
  ["\u1c86", "ъ"],
  ["\u1c87", "ѣ"],
  ["\u1c88", "ꙋ"],
  ["ﬅ", "ﬆ"],
]);

/** A text in which characters equal under `re.IGNORECASE` are the same; of the same length, so that indices carry over. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+|[^\0-\x7f]/gu, (found) => {
    const special = sameUnderIgnoreCase.get(found);
    if (special !== undefined) return special;
    const lower = found.toLowerCase();
    return lower.length === found.length ? (sameUnderIgnoreCase.get(lower) ?? lower) : found;
  });
}

/** How often a global pattern matches, without keeping the matches. */
export function countMatches(text: string, pattern: RegExp): number {
  let count = 0;
  for (const _ of text.matchAll(pattern)) count++;
  return count;
}

/** How often `part` occurs in `text`, not overlapping, as `len(re.findall(part, text))` for a literal. */
export function countOccurrences(text: string, part: string): number {
  let count = 0;
  for (let index = text.indexOf(part); index >= 0; index = text.indexOf(part, index + part.length)) count++;
  return count;
}
