/** The options of a multiple-choice question: their letters, and their texts in one plain form. */

export interface ChoiceOptions {
  /** The options' texts in order, where they are known: then an answer may give the text instead of the letter. */
  readonly choices?: readonly string[];
  /** How many options there are, where the texts are not known; default 8. */
  readonly count?: number;
}

/** What the readers of an answer need to know of a question. */
export interface OptionTable {
  /** How many options; their letters run from A. */
  readonly count: number;
  /** The letter of each plain text that belongs to exactly one option. */
  readonly letterOfText: ReadonlyMap<string, string>;
  /** Characters of the longest of these texts. */
  readonly longestText: number;
}

/** A question that is none: fewer than two options, or more than letters. */
export class ChoiceOptionsError extends Error {
  override readonly name = "ChoiceOptionsError";
}

const longestOption = 5_000;

/** Throws ChoiceOptionsError. */
export function optionTable(options: ChoiceOptions): OptionTable {
  const count = options.choices?.length ?? options.count ?? 8;
  if (!Number.isInteger(count) || count < 2 || count > 26) {
    throw new ChoiceOptionsError(`Expected 2 to 26 options, got ${count}: give \`choices\` or \`count\`.`);
  }
  const letterOfText = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [index, choice] of (options.choices ?? []).entries()) {
    const text = plainText(choice.slice(0, longestOption));
    if (letterOfText.has(text) || text === "") repeated.add(text);
    letterOfText.set(text, letterAt(index));
  }
  for (const text of repeated) letterOfText.delete(text);
  const longestText = Math.max(0, ...[...letterOfText.keys()].map((text) => text.length));
  return { count, letterOfText, longestText };
}

export function letterAt(index: number): string {
  return String.fromCharCode(0x41 + index);
}

/** Whether a capital is one of the question's letters. */
export function isLetterOf(table: OptionTable, letter: string): boolean {
  const index = letter.charCodeAt(0) - 0x41;
  return letter.length === 1 && index >= 0 && index < table.count;
}

/**
 * `text` without what writers put around words: Markdown's emphasis, LaTeX's text and style commands, dollar
 * signs, compatibility forms (Ｂ, Ⓑ and 𝐁 are B). Line breaks stay. Linear.
 */
export function undress(text: string): string {
  return text
    .normalize("NFKC")
    .replace(
      /\\(?:text|textbf|textit|textrm|textsf|mathrm|mathbf|mathsf|mathit|rm|bf|emph|f?boxed)(?![a-zA-Z])/g,
      "",
    )
    .replace(/\\[()[\],;:! ]|\\(?:left|right|quad|qquad|displaystyle)(?![a-zA-Z])/g, " ")
    .replace(/(?<=[\p{L}.):])~/gu, " ")
    .replace(/[*`${}]|_{2}|\p{Cf}/gu, "")
    .replace(/[^\S\n]+/g, " ");
}

const edgeMarks = new Set(" \n\t\"'“”‘’「」.。;；,，");

/** The form in which an answer's text and an option's text are compared: case, spaces and marks at the edges do not count. */
export function plainText(text: string): string {
  const plain = undress(text).replace(/\s+/g, " ").toLowerCase();
  let [start, end] = [0, plain.length];
  while (start < end && edgeMarks.has(plain[start] as string)) start++;
  while (end > start && edgeMarks.has(plain[end - 1] as string)) end--;
  return plain.slice(start, end);
}
