/** The words of a text as decontamination compares them: whatever two copies of a text may differ in is gone. */

const word = /[\p{L}\p{M}\p{N}]+/gu;
/** Scripts written without spaces between words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/gu;
const segmenter = new Intl.Segmenter("en", { granularity: "word" });
/** The segmenter gets no longer piece at once, so that its time stays linear. */
const longestPiece = 1000;

/**
 * Lower case, compatibility forms folded (NFKC: `x²` is `x2`, full-width is plain), apostrophes and the commas of
 * `1,000` dropped, all other punctuation and mathematical signs taken as gaps, so that `x+y` is `x + y`. Scripts
 * without spaces are cut into words by Intl.Segmenter: ten characters would be too little to mean a copy.
 */
export function normaliseWords(text: string): string[] {
  const plain = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/['’]|(?<=\p{Nd}),(?=\p{Nd}{3})/gu, "");
  return (plain.match(word) ?? []).flatMap(cutUnspaced);
}

function cutUnspaced(run: string): string[] {
  const words: string[] = [];
  let end = 0;
  for (const match of run.matchAll(unspaced)) {
    if (match.index > end) words.push(run.slice(end, match.index));
    words.push(...segments(match[0]));
    end = match.index + match[0].length;
  }
  if (end < run.length) words.push(run.slice(end));
  return words;
}

function segments(run: string): string[] {
  const words: string[] = [];
  for (let start = 0; start < run.length; start += longestPiece) {
    for (const { segment } of segmenter.segment(run.slice(start, start + longestPiece))) words.push(segment);
  }
  return words;
}
