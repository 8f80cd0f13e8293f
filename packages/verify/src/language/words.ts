/** The words of a text that belong to a human language, with where phrases and sentences end between them. */
import { keepProse } from "./prose.ts";
import { type Script, scriptOf } from "./script.ts";

export interface Word {
  readonly text: string;
  readonly script: Script;
  /** What stands between this word and the one before: nothing of note, a pause, or the end of a sentence. */
  readonly boundary: "none" | "phrase" | "sentence";
  /** Which sentence of the text it is in, from 0. */
  readonly sentence: number;
  /** A single letter: a word only in some languages (`a`, `I`, `y`), else the name of a variable. */
  readonly single: boolean;
}

/** `Intl.Segmenter` takes time in proportion to the whole string for each word, so it is fed small pieces. */
const longestPiece = 256;

/** Names of functions and units in formulas written as plain text; they are the same in every language. */
const formulaNames: ReadonlySet<string> = new Set(
  "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim sup inf max min mod gcd lcm det sqrt abs arg dim ker deg mm cm km kg mg ml kB MB GB Hz kHz".split(
    " ",
  ),
);
/** With a larger share of short words in capitals than this, the text is shouted, not full of acronyms. */
const mostAcronyms = 0.5;
/** More parts than this joined into one name are words in disguise. */
const mostNameParts = 5;

const segmenter = new Intl.Segmenter("und", { granularity: "word" });
const letter = /\p{L}/u;
const sentenceEnd = /[.!?。！？…;；\n]/u;
const pause = /[,，、:：()（）[\]"“”„«»「」『』《》—–|*#]/u;
const operatorBefore = /[=≤≥≠≈×÷+^]\s?$/u;
const operatorAfter = /^\s?[=≤≥≠≈×÷+^]/u;

/** Reads the words in order. Numbers, names of variables and all that `keepProse` takes out are left out. */
export function readWords(text: string): Word[] {
  const words: Word[] = [];
  let sentence = -1;
  let boundary: Word["boundary"] = "sentence";
  for (const line of keepProse(text).split("\n")) {
    for (const piece of pieces(line)) {
      for (const { segment, index } of segmenter.segment(piece)) {
        const first = letter.exec(segment)?.[0];
        if (first === undefined) {
          if (sentenceEnd.test(segment)) boundary = "sentence";
          else if (boundary === "none" && pause.test(segment)) boundary = "phrase";
          continue;
        }
        const script = scriptOf(first.codePointAt(0) as number);
        if (touchesOperator(piece, index, index + segment.length, script)) continue;
        for (const part of nameParts(segment)) {
          if (formulaNames.has(part)) continue;
          if (boundary === "sentence") sentence++;
          const single = part.length === 1 && (script === "latin" || script === "greek");
          words.push({ text: part, script, boundary, sentence, single });
          boundary = "none";
        }
      }
    }
    boundary = "sentence";
  }
  return dropAcronyms(words);
}

/** A line in pieces of bounded length, cut at white space or punctuation where there is any. */
function* pieces(line: string): Generator<string> {
  let start = 0;
  while (line.length - start > longestPiece) {
    let end = start + longestPiece;
    while (end > start + longestPiece / 2 && letter.test(line[end - 1] ?? "")) end--;
    if (end === start + longestPiece / 2) end = start + longestPiece;
    // Never between the two halves of one character.
    if (/[\ud800-\udbff]/.test(line[end - 1] ?? "")) end--;
    yield line.slice(start, end);
    start = end;
  }
  yield line.slice(start);
}

/** Nothing for the name of a variable (`x1`, `snake_case`, `camelCase`), the parts of words run together, or the word. */
function nameParts(segment: string): readonly string[] {
  if (/^[\p{L}\p{M}'’]*$/u.test(segment) && !/\p{Ll}\p{Lu}/u.test(segment)) return [segment];
  const isName = /[_\p{N}]|\p{Ll}\p{Lu}/u.test(segment);
  const parts = segment.split(/[^\p{L}\p{M}'’]+|(?<=\p{Ll})(?=\p{Lu})/u).filter((part) => letter.test(part));
  return isName && parts.length <= mostNameParts ? [] : parts;
}

/** Whether a word of an alphabet stands at an equals sign or the like: the name of a quantity, not a word. */
function touchesOperator(piece: string, start: number, end: number, script: Script): boolean {
  if (script === "han" || script === "kana") return false;
  return (
    operatorBefore.test(piece.slice(Math.max(0, start - 2), start)) ||
    operatorAfter.test(piece.slice(end, end + 2))
  );
}

/** Leaves out short words in capitals (`DNA`, the triangle `ABC`), unless the text is written in capitals. */
function dropAcronyms(words: readonly Word[]): Word[] {
  const isAcronym = ({ script, text }: Word): boolean =>
    script === "latin" && text.length >= 2 && text.length <= 5 && /^\p{Lu}+$/u.test(text);
  const acronyms = words.filter(isAcronym).length;
  if (acronyms === 0 || acronyms > words.length * mostAcronyms) return [...words];
  return words.filter((word) => !isAcronym(word));
}
