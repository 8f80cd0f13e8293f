/** Finds what a text puts in `\boxed{…}`, `\fbox{…}` or `\boxed 5`, in one linear scan. */

import { closingBrace } from "./balanced.ts";

const COMMAND = /\\(?:boxed|fbox|framebox)(?![a-zA-Z])/g;

export interface Found {
  readonly answer: string;
  /** Where it begins and ends in the text. */
  readonly start: number;
  readonly end: number;
}

/** Boxes and tags looked at, from the end; a text with more is not answering. */
const MAXIMUM_FOUND = 200;

/** The last matches of a global pattern without ambiguity, in order: one pass, bounded memory. */
export const lastMatches = (text: string, pattern: RegExp): { index: number; length: number }[] => {
  const matches: { index: number; length: number }[] = [];
  for (const match of text.matchAll(pattern)) {
    matches.push({ index: match.index, length: match[0].length });
    if (matches.length >= 2 * MAXIMUM_FOUND) matches.splice(0, MAXIMUM_FOUND);
  }
  return matches.slice(-MAXIMUM_FOUND);
};

/** Contents of a box that only stand for an answer: prompts say "put your answer in \boxed{}". */
const isPlaceholder = (content: string): boolean =>
  /^(?:\s|\.|\\[cl]?dots|…|[<[{(]?(?:your )?(?:final )?answer[>\]})]?)*$/i.test(content.slice(0, 80)) &&
  content.length <= 80;

/** Content longer than this is not an answer, and its brace is not searched further. */
const MAXIMUM_CONTENT = 20_000;

/** Whether the text breaks off inside its last box. */
export const endsInsideBox = (text: string): boolean => {
  const command = lastMatches(text, COMMAND).at(-1);
  if (command === undefined) return false;
  const start = command.index + command.length;
  const open = start + (/^ {0,9}(?=\{)/.exec(text.slice(start, start + 10))?.[0].length ?? -1);
  return open >= start && closingBrace(text.slice(open, open + MAXIMUM_CONTENT), 0) < 0;
};

/**
 * Every closed box in order. A box inside a box belongs to the outer one. An unclosed box is no box, so a text cut
 * off inside one has no answer there.
 */
export const findBoxes = (text: string): Found[] => {
  const found: Found[] = [];
  let index = 0;
  for (const command of lastMatches(text, COMMAND)) {
    if (command.index < index) continue;
    let start = command.index + command.length;
    while (text[start] === " ") start += 1;
    if (text[start] === "{") {
      const window = text.slice(start, start + MAXIMUM_CONTENT);
      const end = closingBrace(window, 0);
      if (end < 0) continue;
      const answer = window.slice(1, end - 1);
      index = start + end;
      if (!isPlaceholder(answer)) found.push({ answer: answer.trim(), start: command.index, end: index });
    } else {
      // `\boxed 5` and `\boxed5`: one run without spaces; TeX would take one token, writers mean the number.
      const bare = /^[+-]?[\w.,/\\]+/.exec(text.slice(start, start + 60))?.[0] ?? "";
      const answer = bare.replace(/[.,]+$/, "");
      if (!/^[+-]?\d/.test(answer) && answer.length !== 1) continue;
      index = start + bare.length;
      found.push({ answer, start: command.index, end: index });
    }
  }
  return found;
};
