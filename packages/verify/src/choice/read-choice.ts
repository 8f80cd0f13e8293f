/** Reads which options one short text names: `(B)`, `B. Paris`, `option B`, `A and C`, or an option's own text. */
import { isLetterOf, type OptionTable, plainText, undress } from "./options.ts";

/** A text longer than this names no option. */
const longestChoice = 6_000;

/** Words around a letter that say nothing: `the correct answer is option B`. */
export const fillers: ReadonlySet<string> = new Set(
  (
    "answer answers choice choices option options letter letters is are be would should must the a correct right best " +
    "most likely appropriate final my so thus therefore hence to this that question and it as follows here one of only " +
    "选项 答案 答 正确 正确的 的 为 是 应 应该 应为 就是 最终 故 选 选择 项 因此 所以 正解 は " +
    "antwort lautet ist die richtige korrekte réponse est la bonne respuesta es correcta resposta ответ правильный"
  ).split(" "),
);

/** Between two letters of one answer. `or` names several as well: a guess at two options is no single answer. */
const joins: ReadonlySet<string> = new Set(
  ",，、;；/|&+".split("").concat("and", "or", "和", "或", "与", "及", "und", "oder"),
);

/** A word, or a single mark. */
const token = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}'’])+|[^\s]/gu;

/**
 * The letters that `text` as a whole names, sorted (`"B"`, `"AC"`), or null where it names none. Two claims that
 * disagree (`B. ` with another option's text) are both named.
 */
export function readChoice(text: string, table: OptionTable): string | null {
  if (text.length > longestChoice) return null;
  const byText = table.letterOfText.get(plainText(text));
  const plain = undress(text).trim();
  const letters = readLetters(plain, table, true);
  const isLetterAlone =
    letters?.letters.length === 1 && plainText(afterMarks(plain.slice(letters.end))) === "";
  // A text that is also a letter (blood group B as option C) is the letter: that is how answers are asked for.
  if (byText !== undefined && !isLetterAlone) return byText;
  const lettered = readLetteredText(plain, table);
  if (lettered !== null) return lettered;
  if (letters === null) return null;
  const rest = afterMarks(plain.slice(letters.end));
  if (plainText(rest) === "") return letters.letters;
  // Something else follows: an explanation, if a mark or a line break set the letter apart.
  const separator = plain.slice(letters.end - 1, letters.end + 2);
  const setApart = /^(?:[)\]]|.\s?[.):：、\],–—]|.\s?\n|.\s[-–—(])/.test(separator);
  if (!setApart) return null;
  return sortLetters(letters.letters + otherLetters(rest, table));
}

/** `B. Paris`: the letter and the letter of the text that follows, which are one where they agree. */
function readLetteredText(plain: string, table: OptionTable): string | null {
  const match = /^[\s([]*([A-Za-z])(?:[\s.):：、\]]+|\s*[–—]\s*|\s+-\s+)(?=\S)/.exec(plain);
  const letter = match?.[1]?.toUpperCase() ?? "";
  if (match === null || !isLetterOf(table, letter)) return null;
  const rest = plain.slice(match[0].length);
  const restLetter =
    table.letterOfText.get(plainText(rest)) ??
    table.letterOfText.get(plainText(rest.replace(/^[-=>\s]+/, "")));
  return restLetter === undefined ? null : sortLetters(letter + restLetter);
}

/** What is left after the marks that set a letter apart. */
export function afterMarks(text: string): string {
  return text.replace(/^[\s.):：、\]\-–—>=,]+/, "");
}

export interface ReadLetters {
  /** Sorted, each once. */
  readonly letters: string;
  /** Where the reading ended in the text. */
  readonly end: number;
}

/**
 * The letters named at the start of a plain text, after filler words. Small letters count where they stand in
 * brackets or (`alone`) make up the whole text.
 */
export function readLetters(plain: string, table: OptionTable, alone: boolean): ReadLetters | null {
  const named: string[] = [];
  let end = 0;
  let awaitsAnother = true;
  let words = 0;
  token.lastIndex = 0;
  for (let match = token.exec(plain); match !== null && words < 24; match = token.exec(plain), words++) {
    const [word] = match;
    const after = match.index + word.length;
    const letter = letterFrom(word, plain, match.index, after, table, alone);
    if (letter !== null) {
      // `A C`: letters alone need nothing between them.
      if (!awaitsAnother && !alone) break;
      named.push(...letter);
      awaitsAnother = false;
      end = after + (plain[after] === ")" || plain[after] === "]" ? 1 : 0);
    } else if (named.length === 0) {
      if (!isFiller(word)) return null;
    } else if (joins.has(word.toLowerCase())) awaitsAnother = true;
    else if ("()[]".includes(word)) continue;
    else if (!awaitsAnother || !fillers.has(word.toLowerCase())) break;
  }
  return named.length === 0 ? null : { letters: sortLetters(named.join("")), end };
}

function isFiller(word: string): boolean {
  return fillers.has(word.toLowerCase()) || /^[([【:：\-–—>=→⇒"'“‘#]$/u.test(word);
}

/** The option letters a token is: one capital, several (`AC`, only in rising order), or a small one in brackets. */
function letterFrom(
  word: string,
  plain: string,
  start: number,
  end: number,
  table: OptionTable,
  alone: boolean,
): readonly string[] | null {
  if (/^[A-Z]{1,8}$/.test(word)) {
    const letters = [...word];
    const rising = letters.every((one, index) => index === 0 || one > (letters[index - 1] as string));
    if (!rising || !letters.every((one) => isLetterOf(table, one))) return null;
    // English's article, not option A: `A dog`.
    if (word === "A" && /^ [a-z]/.test(plain.slice(end, end + 2)) && !connects(plain.slice(end, end + 12)))
      return null;
    return letters;
  }
  if (!/^[a-z]$/.test(word) || !isLetterOf(table, word.toUpperCase())) return null;
  const bracketed = plain[start - 1] === "(" && plain[end] === ")";
  const whole = alone && /^[\s.):]*$/.test(plain.slice(end)) && /^[\s(]*$/.test(plain.slice(0, start));
  return bracketed || whole ? [word.toUpperCase()] : null;
}

/** Whether a sentence goes on about the letter. */
function connects(after: string): boolean {
  return /^ (?:is|are|and|or|as|because|since|for|with|which|but)\b/.test(after);
}

/** Letters that an explanation names as an option's: `(C)`, `option C`, `or C`. */
function otherLetters(rest: string, table: OptionTable): string {
  let letters = "";
  for (const match of rest.matchAll(
    /\(([A-Za-z])\)|\b(?:option|choice|or|and|answer|is) ([A-Z])\b|(?:选项?|或)([A-Z])|(?:^|\n)\s{0,8}([A-Z])(?![\p{L}\p{N}'’])/gu,
  )) {
    const letter = (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "").toUpperCase();
    if (isLetterOf(table, letter)) letters += letter;
  }
  return letters;
}

export function sortLetters(letters: string): string {
  return [...new Set(letters)].sort().join("");
}
