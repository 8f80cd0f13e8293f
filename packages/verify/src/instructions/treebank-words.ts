/** Cuts text into the tokens of NLTK's `word_tokenize`, which IFEval counts words in capitals by. */
import { isUpperCase, pythonSpaceClass, pythonWordClass, strip } from "./python-text.ts";
import { splitSentences } from "./sentences.ts";

type Rewrite = readonly [RegExp, string];

const notAfterWord = `(?<![${pythonWordClass}])`;
const notBeforeWord = `(?![${pythonWordClass}])`;
const spaces = new RegExp(`[${pythonSpaceClass}]+`, "g");

const openingQuotes: readonly Rewrite[] = [
  [/([«“‘„]|`+)/g, " $1 "],
  [/^"/, "``"],
  [/``/g, " `` "],
  [/([ ([{<])("|'')/g, "$1 `` "],
  [new RegExp(`'(?!re|ve|ll|m|t|s|d|n)([${pythonWordClass}])${notBeforeWord}`, "giu"), "' $1"],
];
const separators: readonly Rewrite[] = [
  [/([:,])(\P{Nd})/gu, " $1 $2"],
  [/[:,](?=\n?$)/g, " $& "],
  [/\.{2,}/g, " $& "],
  [/[;@#$%&]/g, " $& "],
];
const marks: readonly Rewrite[] = [
  [/[?!]/g, " $& "],
  [/([^'])' /g, "$1 ' "],
  [/[*]/g, " $& "],
  [/[[\](){}<>]/g, " $& "],
  [/--/g, " -- "],
];
const closingQuotes: readonly Rewrite[] = [
  [/([»”’])/g, " $1 "],
  [/''/g, " '' "],
  [/"/g, " '' "],
  [spaces, " "],
  [/([^' ])('[sS]|'[mM]|'[dD]|') /g, "$1 $2 "],
  [/([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) /g, "$1 $2 "],
];
const contractions: readonly Rewrite[] = [
  ["can", "not"],
  ["d", "'ye"],
  ["gim", "me"],
  ["gon", "na"],
  ["got", "ta"],
  ["lem", "me"],
  ["more", "'n"],
].map(([first, second]) => [
  new RegExp(`${notAfterWord}(${first})(${second})${notBeforeWord}`, "giu"),
  " $1 $2 ",
]);
const otherContractions: readonly Rewrite[] = [
  [new RegExp(`${notAfterWord}(wan)(na)(?=[${pythonSpaceClass}])`, "giu"), " $1 $2 "],
  [new RegExp(` ('t)(is)${notBeforeWord}`, "giu"), " $1 $2 "],
  [new RegExp(` ('t)(was)${notBeforeWord}`, "giu"), " $1 $2 "],
];

/** Treebank tokens of every sentence; the rules are NLTK 3.9's, each a pass over the text, so the whole is linear. */
export function treebankWords(text: string): string[] {
  return splitSentences(text).flatMap(wordsOfSentence);
}

/** How many tokens are in capitals throughout: `U.S.` is one, and so is `I`. */
export function countCapitalWords(text: string): number {
  const sentences = splitSentences(text).filter((sentence) => /\p{Uppercase}/u.test(sentence));
  return sentences.reduce(
    (count, sentence) => count + wordsOfSentence(sentence).filter(isUpperCase).length,
    0,
  );
}

function wordsOfSentence(sentence: string): string[] {
  let text = rewrite(sentence, openingQuotes);
  text = detachLastPeriod(text, "])}>\"'»”’ ", " ");
  text = rewrite(text, separators);
  text = detachLastPeriod(text, "])}>\"'", "");
  text = ` ${rewrite(text, marks)} `;
  text = rewrite(text, [...closingQuotes, ...contractions, ...otherContractions]);
  return strip(text).split(spaces).filter(Boolean);
}

function rewrite(text: string, rules: readonly Rewrite[]): string {
  return rules.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}

/** Sets the sentence's period apart where only `closers`, then white space, follow it; found from the end, so linear. */
function detachLastPeriod(text: string, closers: string, gap: string): string {
  const period = text.lastIndexOf(".");
  if (period < 1 || text[period - 1] === ".") return text;
  let end = period + 1;
  while (end < text.length && closers.includes(text.charAt(end))) end++;
  if (strip(text.slice(end)) !== "") return text;
  return `${text.slice(0, period)} .${gap}${text.slice(period + 1, end)} `;
}
