/** Answers that are no mathematics: names, choice letters, number words, times and dates. */

import type { Answer } from "./answer.ts";
import { integer, symbol } from "./expression.ts";

const NUMBER_WORDS = (
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " +
  "seventeen eighteen nineteen twenty"
).split(" ");
const CHINESE_NUMBERS = "零一二三四五六七八九十";
const MONTHS = "january february march april may june july august september october november december".split(
  " ",
);

const DATE_MONTH_FIRST = /^([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?$/;
const DATE_DAY_FIRST = /^(?:the )?(\d{1,2})(?:st|nd|rd|th)? (?:of )?([a-z]{3,9})\.?(?:,? (\d{4}))?$/;
const CHINESE_DATE = /^(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]$/;
const TIME = /^(\d{1,2}) ?: ?(\d{2})(?: ?: ?(\d{2}))? ?(a\.? ?m?\.?|p\.? ?m?\.?)?$/;
const WHOLE_HOUR = /^(\d{1,2}) ?(a\.? ?m\.?|p\.? ?m\.?)$/;

/** The text with `\text{…}` opened, lower case, single spaces. */
const plain = (text: string): string =>
  text
    .replace(/\\text ?\{([^{}]*)\}/g, " $1 ")
    .replace(/\\[ ,;:!]/g, " ")
    .replace(/ {2,}/g, " ")
    .trim();

const monthOf = (name: string): number => {
  const index = MONTHS.findIndex((month) => month === name || (name.length >= 3 && month.startsWith(name)));
  return index + 1;
};

const makeDate = (month: number, day: number, year: string | undefined): Answer | null =>
  month >= 1 && month <= 12 && day >= 1 && day <= 31
    ? { kind: "date", month, day, year: year === undefined ? null : Number(year) }
    : null;

/** A date such as `October 30` or `10月30日`; null for any other text. */
const readDate = (text: string): Answer | null => {
  const lower = text.toLowerCase();
  const first = DATE_MONTH_FIRST.exec(lower);
  if (first !== null) return makeDate(monthOf(first[1] ?? ""), Number(first[2]), first[3]);
  const second = DATE_DAY_FIRST.exec(lower);
  if (second !== null) return makeDate(monthOf(second[2] ?? ""), Number(second[1]), second[3]);
  const chinese = CHINESE_DATE.exec(lower.replaceAll(" ", ""));
  return chinese === null ? null : makeDate(Number(chinese[2]), Number(chinese[3]), chinese[1]);
};

/** A time of day: two-digit minutes below 60, hours below 24; `1:4` is a ratio. */
const readTime = (text: string): Answer | null => {
  const lower = text.toLowerCase();
  const match = TIME.exec(lower);
  const whole = match === null ? WHOLE_HOUR.exec(lower) : null;
  if (match === null && whole === null) return null;
  const hours = Number(match?.[1] ?? whole?.[1]);
  const [minutes, seconds] = [Number(match?.[2] ?? 0), Number(match?.[3] ?? 0)];
  if (hours > 24 || minutes > 59 || seconds > 59) return null;
  const half = match?.[4] ?? whole?.[2];
  const meridiem = half === undefined ? null : half.startsWith("a") ? "am" : "pm";
  return { kind: "time", seconds: hours * 3600 + minutes * 60 + seconds, meridiem };
};

export const readTimeOrDate = (text: string): Answer | null => {
  if (text.length > 40) return null;
  const words = plain(text);
  return readTime(words) ?? readDate(words);
};

const numberWord = (words: string): Answer | null => {
  const index = NUMBER_WORDS.indexOf(words);
  const chinese = words.length === 1 ? CHINESE_NUMBERS.indexOf(words) : -1;
  const value = Math.max(index, chinese);
  return value < 0 ? null : { kind: "value", expression: integer(value), unit: null };
};

/** A choice letter as `(C)`, `C.`, `\text{(C)}` or `option C`. */
const CHOICE = /^(?:(?:option|choice|answer|选项?) ?)?\(? ?([A-Za-z]) ?[).]?$/;

/**
 * Words as an answer: `\text{Evelyn}`, `neither`, `(C)`, `选C`. Null when the text holds mathematics. A bare run
 * of capitals (`CBAD`) is a word too, for its order matters.
 */
export const readTextAnswer = (text: string): Answer | null => {
  const onlyText = /^(?:\\text ?\{[^{}]*\}[ .,]*)+$/.test(text);
  const words = plain(text);
  const choice = CHOICE.exec(words);
  if (choice !== null) {
    const bare = words.length === 1 && !onlyText;
    const letter = choice[1] ?? "";
    // `a` and `x` alone are variables; with a parenthesis or as text they are choices.
    if (!bare || /[A-Z]/.test(letter)) return { kind: "text", words: letter, letter: true };
    return null;
  }
  const isWords = onlyText
    ? /\p{L}/u.test(words)
    : /^\p{L}[\p{L}' -]*$/u.test(words) &&
      /\p{L}{2}|[^\x20-\x7e]/u.test(words) &&
      (/^[A-Z]{2,}$/.test(words) || isProse(words));
  if (!isWords) return null;
  const normal = words
    .toLowerCase()
    .replace(/[.,;:!?"()]/g, " ")
    .replace(/^ *(?:the|an|a) +(?=\p{L})/u, "")
    .replace(/ {2,}/g, " ")
    .trim();
  if (normal === "infinity") return { kind: "value", expression: symbol("Infinity"), unit: null };
  return numberWord(normal) ?? { kind: "text", words: normal, letter: false };
};

const SHORT_WORDS = new Set(
  "yes no odd even true false all none any red sun mon tue wed thu fri sat".split(" "),
);

/** Words rather than a product of variables such as `xyz`: four letters and more together, or not ASCII. */
const isProse = (words: string): boolean =>
  SHORT_WORDS.has(words.toLowerCase()) ||
  NUMBER_WORDS.includes(words.toLowerCase()) ||
  /\p{L}{4}/u.test(words) ||
  /[^\x20-\x7e]/.test(words);
