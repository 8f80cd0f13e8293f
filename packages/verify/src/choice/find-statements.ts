/** Finds where a text says what its answer is: `the answer is B`, `答案选 B`, `so (C) is correct`. */
import { isLetterOf, type OptionTable, plainText, undress } from "./options.ts";
import { afterMarks, fillers, readLetters } from "./read-choice.ts";

/** How far after `answer` the letter may stand, and how far before it a condition. */
const reach = 80;

/** An option's text is read after an announcement up to this length. */
const longestText = 1_000;
/** A text that announces its answer more often than this is noise. */
const mostAnnouncements = 2_000;

const announcement =
  /\b(?:answers?|choice|option|antwort|réponse|respuesta|resposta|risposta)\b|\b(?:choose|chose|pick|select|go with)\b|答案|应选|故选|选择|选项|选|正解|ответ/giu;
/** Only in these does the letter come before: `B is correct`, `B 正确`. */
const approval =
  /(?<!(?!\p{Script=Han})[\p{L}\p{N}])\(?([A-Z])\)? ?(?:(?:is|must be|would be) (?:the |therefore |thus |indeed |clearly )?(?:correct|right|best|(?:final )?answer)\b|(?:项)?(?:是)?正确)/gu;
const choosing = /^(?:choose|chose|pick|select|go with|应选|故选|选择|选|正解)$/i;
const answerWord = /^(?:answers?|antwort|réponse|respuesta|resposta|risposta|答案|正解|ответ)$/iu;
const condition =
  /\b(?:if|whether|suppose|assum\w{1,4}|unless|might|may|could|cannot|can't|not|isn't|n't|which|what|each|every|no|eliminate|rule out|none of)\b|如果|假设|是否|可能|哪|不|排除|错误/iu;
const clauseEnd = /[.!?。！？\n;；]/u;

/**
 * The letters each statement names, in order; what is denied, asked or supposed is no statement. Linear in the
 * text: every announcement looks `reach` characters about.
 */
export function findStatements(text: string, table: OptionTable): string[] {
  const plain = undress(text);
  const found: { readonly at: number; readonly letters: string }[] = [];
  const announcements = [...plain.matchAll(announcement)];
  if (announcements.length > mostAnnouncements) return [];
  for (const match of announcements) {
    const start = match.index + match[0].length;
    if (isConditional(plain, match.index, match[0])) continue;
    const letters = readAfter(
      plain.slice(start, start + reach + Math.min(table.longestText, longestText)),
      match[0],
      table,
    );
    if (letters !== null) found.push({ at: start, letters });
  }
  for (const match of plain.matchAll(approval)) {
    const letter = match[1] as string;
    if (!isLetterOf(table, letter) || isConditional(plain, match.index, "")) continue;
    found.push({ at: match.index, letters: letter });
  }
  return found.sort((a, b) => a.at - b.at).map(({ letters }) => letters);
}

/** Whether the clause up to here says if, or whether, or not. */
function isConditional(plain: string, at: number, word: string): boolean {
  const before = plain.slice(Math.max(0, at - reach), at);
  const clause = before.split(clauseEnd).at(-1) ?? "";
  const conditional =
    word === "选" || word === "选择" || word === "选项" ? /不|如果|假设|是否|哪/u : condition;
  return conditional.test(clause);
}

/** Reads `… is (the) B`; an option's own text is read to the end of the line. */
function readAfter(window: string, word: string, table: OptionTable): string | null {
  const [first = "", ...others] = window.split("\n");
  // `The final answer is` and `Answer:` may stand on a line of their own; `… the best choice` may not.
  const goesOn = first.trim() === "" ? answerWord.test(word) : /(?:[:：是为]|\bis)\s*$/.test(first);
  const line = goesOn ? `${first} ${others.find((other) => other.trim() !== "") ?? ""}` : first;
  const named = readLetters(line, table, false);
  const rest = line.slice(named?.end ?? 0);
  // `B`, `B. Paris`, `(B) Paris`: a letter by itself or set apart is the answer, whatever the options' texts are.
  const isLetter =
    named?.letters.length === 1 &&
    (plainText(afterMarks(rest)) === "" || /^(?:[)\]]|.\s?[.):：、])/.test(line.slice(named.end - 1)));
  const byText = isLetter ? null : readText(line, table);
  if (byText !== null) return byText;
  if (named !== null) {
    // `Option C has …`, `选项C…` only talk of an option; a statement ends or goes on after a mark or a reason.
    const talks =
      /^ ?[\p{Ll}\p{Script=Han}]/u.test(rest) && !/^ (?:because|since|as|for|which|with|and|,)\b/.test(rest);
    if (/^ ?[?？]/.test(rest)) return null;
    const said =
      choosing.test(word) ||
      /\b(?:is|are|be|was|lautet|ist|es|est)\b|[:：是为選选]|→|->/u.test(line.slice(0, named.end));
    return talks && !said ? null : named.letters;
  }
  return null;
}

function readText(line: string, table: OptionTable): string | null {
  if (table.letterOfText.size === 0) return null;
  let rest = line;
  for (let words = 0; words < 8; words++) {
    const letter =
      table.letterOfText.get(plainText(rest)) ??
      table.letterOfText.get(plainText(rest.split(/[.。] ?/)[0] ?? ""));
    if (letter !== undefined) return letter;
    const next = /^\s*(?:\p{Script=Han}|[\p{L}]+|[:：\-–—>=])/u.exec(rest)?.[0];
    if (next === undefined) return null;
    const word = next.trim().toLowerCase();
    if (!fillers.has(word) && !/^[:：\-–—>=]$/.test(word)) return null;
    rest = rest.slice(next.length);
  }
  return null;
}
