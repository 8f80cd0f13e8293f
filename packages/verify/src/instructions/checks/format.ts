/** IFEval's checks of how a response is laid out: bullets, highlights, sections, JSON, a title, two responses. */

import { isPythonJson } from "../python-json.ts";
import { isBlank, isSpaceAt, strip, stripEnd, stripStart } from "../python-text.ts";
import type { CheckKind } from "./check-kind.ts";

/** Exactly so many lines that begin with `*` (and no second `*`) or with `-`. */
export const numberOfBullets: CheckKind = {
  names: ["num_bullets"],
  make(given) {
    const wanted = given.count("num_bullets");
    return (response) => {
      const count = countBullets(response, "*") + countBullets(response, "-");
      return { followed: count === wanted, found: `${count} bullets, exactly ${wanted} wanted` };
    };
  },
};

/** At least so many `*…*` on one line; as published, `**…**` is counted besides. */
export const numberOfHighlights: CheckKind = {
  names: ["num_highlights"],
  make(given) {
    const wanted = given.count("num_highlights");
    return (response) => {
      const count = countHighlights(response, "*") + countHighlights(response, "**");
      return { followed: count >= wanted, found: `${count} highlights, at least ${wanted} wanted` };
    };
  },
};

/** At least so many `<splitter> <number>`; the splitter is literal, and its case matters. */
export const multipleSections: CheckKind = {
  names: ["section_spliter", "num_sections"],
  make(given) {
    const splitter = given.text("section_spliter").trim();
    const wanted = given.count("num_sections");
    return (response) => {
      const count = countSections(response, splitter);
      return {
        followed: count >= wanted,
        found: `${count} "${splitter}" with a number, at least ${wanted} wanted`,
      };
    };
  },
};

/** The whole response is JSON (any value), a Markdown fence around it or not. */
export const jsonFormat: CheckKind = {
  names: [],
  make: () => (response) => {
    let text = strip(response);
    for (const fence of ["```json", "```Json", "```JSON", "```"]) {
      if (text.startsWith(fence)) text = text.slice(fence.length);
    }
    const followed = isPythonJson(strip(text.endsWith("```") ? text.slice(0, -3) : text));
    return { followed, found: followed ? "is JSON" : "is not JSON" };
  },
};

/** Some line has a title in `<<…>>`. */
export const title: CheckKind = {
  names: [],
  make: () => (response) => {
    const found = response.split("\n").map(titleOf).find(Boolean);
    return {
      followed: found !== undefined,
      found: found === undefined ? "no title" : `title "${found.slice(0, 60)}"`,
    };
  },
};

/** Two different responses with `******` between them. */
export const twoResponses: CheckKind = {
  names: [],
  make: () => (response) => {
    const parts = response.split("******");
    const responses = parts.filter((part) => !isBlank(part)).map(strip);
    const hasBlankBetween = parts.slice(1, -1).some(isBlank);
    const areTwo = responses.length === 2 && responses[0] !== responses[1];
    return {
      followed: areTwo && !hasBlankBetween,
      found: hasBlankBetween
        ? "a blank response between two dividers"
        : `${responses.length} responses${responses.length === 2 && !areTwo ? ", both the same" : ""}`,
    };
  },
};

/**
 * The matches of `^\s*\*[^\*].*$` or `^\s*-.*$`, by line. White space before the mark may span lines, and the
 * character after `*` may be a line feed, which then takes the next line with it.
 */
function countBullets(text: string, mark: "*" | "-"): number {
  let count = 0;
  let lineStart = 0;
  while (lineStart < text.length) {
    let index = lineStart;
    while (isSpaceAt(text, index)) index++;
    const isBullet =
      text[index] === mark && (mark === "-" || (index + 1 < text.length && text[index + 1] !== "*"));
    if (isBullet) count++;
    const takesNextLine = isBullet && mark === "*" && text[index + 1] === "\n";
    const lineEnd = text.indexOf("\n", takesNextLine ? index + 2 : index);
    if (lineEnd < 0) break;
    lineStart = lineEnd + 1;
  }
  return count;
}

/** `\*[^\n\*]*\*` or `\*\*[^\n\*]*\*\*` with something between the marks, not overlapping. */
function countHighlights(text: string, mark: "*" | "**"): number {
  let count = 0;
  let index = text.indexOf(mark);
  while (index >= 0) {
    const start = index + mark.length;
    let end = start;
    while (end < text.length && text[end] !== "*" && text[end] !== "\n") end++;
    if (text.startsWith(mark, end)) {
      if (!isBlank(text.slice(start, end))) count++;
      index = text.indexOf(mark, end + mark.length);
    } else {
      index = text.indexOf(mark, index + 1);
    }
  }
  return count;
}

const digit = /\p{Nd}/u;

function countSections(text: string, splitter: string): number {
  let count = 0;
  let index = text.indexOf(splitter);
  while (index >= 0) {
    let end = index + splitter.length;
    if (isSpaceAt(text, end)) end++;
    const digits = endOfDigits(text, end);
    if (digits > end) count++;
    index = text.indexOf(splitter, digits > end ? digits : index + 1);
  }
  return count;
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  for (;;) {
    const code = text.codePointAt(end);
    if (code === undefined || !digit.test(String.fromCodePoint(code))) return end;
    end += code > 0xffff ? 2 : 1;
  }
}

/** What `<<[^\n]+>>`, which is greedy, holds on a line; undefined where it is missing or only brackets. */
function titleOf(line: string): string | undefined {
  const start = line.indexOf("<<");
  const end = line.lastIndexOf(">>");
  if (start < 0 || end < start) return undefined;
  return strip(stripEnd(stripStart(line.slice(start, end + 2), "<"), ">")) || undefined;
}
