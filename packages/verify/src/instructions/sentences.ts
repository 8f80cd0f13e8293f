/** Splits English text into sentences with the decisions of Punkt (Kiss & Strunk 2006), as NLTK's `sent_tokenize`. */
import { englishPunkt, type PunktModel } from "./punkt-model.ts";
import { nonWordCharacters, punktTokens } from "./punkt-tokens.ts";
import { isLowerCase, isSpaceAt, isUpperCase } from "./python-text.ts";

interface Token {
  readonly text: string;
  /** The text in lower case; numbers are all of one type. */
  readonly type: string;
  endsSentence: boolean;
  isAbbreviation: boolean;
  readonly isEllipsis: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A `.`, `?` or `!` after which a sentence may end. */
interface Candidate {
  readonly index: number;
  /** The word before it, the character itself, and what follows as far as the next word's end. */
  readonly context: Span;
  /** Where the next word begins; undefined where punctuation follows at once. */
  readonly nextWord: number | undefined;
}

const numberType = "##number##";
const number = /^-?[.,]?\p{Nd}[\p{Nd},.-]*$/u;
const ellipsis = /^\.\.+$/;
const initial = /^(?!\p{Nd})[\p{L}\p{N}_]\.$/u;
const closing: ReadonlySet<string> = new Set("\"')]}");
const innerPunctuation: ReadonlySet<string> = new Set(";:,.!?");
const asciiSpace: ReadonlySet<string> = new Set(" \t\n\r\v\f");

/** The sentences of a text, in order, without the white space between them; linear in its length. */
export function splitSentences(text: string): string[] {
  const model = englishPunkt();
  return realigned(text, [...spansBetweenBreaks(text, model)]).map((span) =>
    text.slice(span.start, span.end),
  );
}

function* spansBetweenBreaks(text: string, model: PunktModel): Generator<Span> {
  let start = 0;
  for (const candidate of candidates(text)) {
    if (!hasBreak(text.slice(candidate.context.start, candidate.context.end), model)) continue;
    yield { start, end: candidate.index + 1 };
    start = candidate.nextWord ?? candidate.index + 1;
  }
  let end = text.length;
  while (end > 0 && isSpaceAt(text, end - 1)) end--;
  yield { start, end };
}

/** Of candidates in one word (`what?!`) only the last is kept. */
function* candidates(text: string): Generator<Candidate> {
  let previous: Candidate | undefined;
  let word: Span = { start: 0, end: 0 };
  for (let index = 0; index < text.length; index++) {
    const after = contextAfter(text, index);
    if (after === undefined) continue;
    const gap = lastAsciiSpace(text, word.end, index);
    const start = gap > word.end ? gap + 1 : word.start;
    if (previous !== undefined && word.end <= start) yield previous;
    word = { start, end: index };
    previous = { index, context: { start, end: after.end }, nextWord: after.nextWord };
  }
  if (previous !== undefined) yield previous;
}

function contextAfter(
  text: string,
  index: number,
): { end: number; nextWord: number | undefined } | undefined {
  const character = text[index];
  if (character !== "." && character !== "?" && character !== "!") return undefined;
  if (nonWordCharacters.has(text.charAt(index + 1))) return { end: index + 2, nextWord: undefined };
  let nextWord = index + 1;
  while (isSpaceAt(text, nextWord)) nextWord++;
  if (nextWord === index + 1 || nextWord >= text.length) return undefined;
  let end = nextWord + 1;
  while (end < text.length && !isSpaceAt(text, end)) end++;
  return { end, nextWord };
}

/** The last index in `from..to` that holds ASCII white space; `from` where there is none, as in NLTK. */
function lastAsciiSpace(text: string, from: number, to: number): number {
  for (let index = to - 1; index > from; index--) if (asciiSpace.has(text.charAt(index))) return index;
  return from;
}

/** Whether some token before the last ends a sentence. */
function hasBreak(context: string, model: PunktModel): boolean {
  const tokens = context
    .split("\n")
    .flatMap((line) => punktTokens(line).map((text) => readToken(text, model)));
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (next === undefined) return false;
    decideInContext(token, next, model);
    if (token.endsSentence) return true;
  }
  return false;
}

/** The first pass: what the token alone says. */
function readToken(text: string, model: PunktModel): Token {
  const lower = text.toLowerCase();
  const type = number.test(lower) ? numberType : lower;
  const plain = { text, type, endsSentence: false, isAbbreviation: false, isEllipsis: false };
  if (text === "." || text === "?" || text === "!") return { ...plain, endsSentence: true };
  if (ellipsis.test(text)) return { ...plain, isEllipsis: true };
  if (!text.endsWith(".") || text.endsWith("..")) return plain;
  const stem = lower.slice(0, -1);
  const lastPart = stem.slice(stem.lastIndexOf("-") + 1);
  const isAbbreviation = model.abbreviations.has(stem) || model.abbreviations.has(lastPart);
  return { ...plain, isAbbreviation, endsSentence: !isAbbreviation };
}

/** The second pass: what the next token says of a token that ends in a period; section 4 of the paper. */
function decideInContext(token: Token, next: Token, model: PunktModel): void {
  if (!token.text.endsWith(".")) return;
  const type = withoutPeriod(token.type);
  const nextType = next.endsSentence ? withoutPeriod(next.type) : next.type;
  const isInitial = initial.test(token.text);
  if (model.collocations.has(`${type} ${nextType}`)) {
    joinWithNext(token);
    return;
  }
  if ((token.isAbbreviation || token.isEllipsis) && !isInitial) {
    const startsSentence = orthographyStartsSentence(next, nextType, model);
    if (startsSentence === true || (isUpperFirst(next) && model.sentenceStarters.has(nextType))) {
      token.endsSentence = true;
      return;
    }
  }
  if (!isInitial && type !== numberType) return;
  const startsSentence = orthographyStartsSentence(next, nextType, model);
  const alwaysCapital = isInitial && isUpperFirst(next) && !model.seenLowerCase.has(nextType);
  if (startsSentence === false || (startsSentence === undefined && alwaysCapital)) joinWithNext(token);
}

function joinWithNext(token: Token): void {
  token.endsSentence = false;
  token.isAbbreviation = true;
}

/** Section 4.1.1; undefined where capitals say nothing. */
function orthographyStartsSentence(token: Token, type: string, model: PunktModel): boolean | undefined {
  if (innerPunctuation.has(token.text)) return false;
  if (isUpperFirst(token) && model.seenLowerCase.has(type) && !model.seenCapitalisedInside.has(type))
    return true;
  if (isLowerFirst(token) && !model.beginsLowerCaseOnly.has(type)) return false;
  return undefined;
}

function withoutPeriod(type: string): string {
  return type.length > 1 && type.endsWith(".") ? type.slice(0, -1) : type;
}

function isUpperFirst(token: Token): boolean {
  return isUpperCase(String.fromCodePoint(token.text.codePointAt(0) ?? 0));
}

function isLowerFirst(token: Token): boolean {
  return isLowerCase(String.fromCodePoint(token.text.codePointAt(0) ?? 0));
}

/** Gives closing quotes and brackets after a break to the sentence they close. */
function realigned(text: string, spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  let shift = 0;
  for (const [index, span] of spans.entries()) {
    const start = span.start + shift;
    const next = spans[index + 1];
    const moved = next === undefined ? undefined : closingPart(text, next);
    shift = moved?.length ?? 0;
    if (next !== undefined && moved !== undefined) result.push({ start, end: next.start + moved.marks });
    else if (start < span.end) result.push({ start, end: span.end });
  }
  return result;
}

/** The closing marks that open a span: how many, and how long with the white space behind them. */
function closingPart(text: string, span: Span): { marks: number; length: number } | undefined {
  let index = span.start;
  while (index < span.end && closing.has(text.charAt(index))) index++;
  const marks = index - span.start;
  if (marks === 0) return undefined;
  while (index < span.end && isSpaceAt(text, index)) index++;
  const length = index - span.start;
  const ends =
    length > marks || index === span.end || (index + 2 <= span.end && text.startsWith("--", index));
  return ends ? { marks, length } : undefined;
}
