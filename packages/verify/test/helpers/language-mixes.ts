/** Texts of two languages in known shares, made from sentences; the truth is counted apart from what is tested. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { seededRandom } from "./seeded-random.ts";

/** How the foreign language comes in: by whole sentences, by runs of words within sentences, or by single words. */
export type MixKind = "sentences" | "phrases" | "words";

export interface Mix {
  readonly text: string;
  /** Words of the main language / all words, as `Intl.Segmenter` counts them in the pieces. */
  readonly ratio: number;
}

const folder = fileURLToPath(new URL("../../../../../shared/data/language/", import.meta.url));
export const languageDataMissing = existsSync(folder) ? false : "../shared/data/language is absent";

export function readLanguageLines(language: string, file = "sentences"): string[] {
  return readFileSync(`${folder}${language}/${file}.txt`, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

const segmenter = new Intl.Segmenter("und", { granularity: "word" });
const hasLetter = /\p{L}/u;

function countWords(text: string): number {
  let count = 0;
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike && hasLetter.test(segment)) count++;
  }
  return count;
}

/** `count` texts of about 300 words, `share` (0 … 1) of them in `foreign`. */
export function languageMixes(
  main: string,
  foreign: string,
  share: number,
  kind: MixKind,
  count: number,
): Mix[] {
  const random = seededRandom(`${main} ${foreign} ${share} ${kind}`);
  const mainLines = readLanguageLines(main);
  const foreignLines = readLanguageLines(foreign);
  const foreignWords = readLanguageLines(foreign, "word-pairs").flatMap((pair) => pair.split(" "));

  const bySentences = (): Mix => {
    const lines: string[] = [];
    const words = { main: 0, foreign: 0 };
    while (words.main + words.foreign < 300) {
      const turn =
        words.foreign < share * (words.main + words.foreign + 10) && share > 0 ? "foreign" : "main";
      const line = random.pick(share === 1 || turn === "foreign" ? foreignLines : mainLines);
      lines.push(line);
      words[share === 1 ? "foreign" : turn] += countWords(line);
    }
    const text = random.shuffle(lines).join(random.pick([" ", "\n"]));
    return { text, ratio: words.main / (words.main + words.foreign) };
  };
  const insertion = (): string => {
    if (kind === "words") return random.pick(foreignWords);
    const segments = [...segmenter.segment(random.pick(foreignLines))].map(({ segment }) => segment);
    const start = random.below(Math.max(1, segments.length - 10));
    const run = segments.slice(start, start + 6 + random.below(6)).join("");
    return run.replace(/[.!?。！？;]/g, "").trim();
  };
  const byInsertions = (): Mix => {
    const built: string[] = [];
    const words = { main: 0, foreign: 0 };
    while (words.main + words.foreign < 300) {
      for (const { segment } of segmenter.segment(random.pick(mainLines))) {
        built.push(segment);
        if (hasLetter.test(segment)) words.main++;
        const wanted = words.foreign < (share / (1 - share)) * words.main;
        if (!wanted || !/[\p{L}\s]/u.test(segment) || random.next() > 0.4) continue;
        const run = insertion();
        words.foreign += countWords(run);
        built.push(` ${run} `);
      }
      built.push(" ");
    }
    return { text: built.join(""), ratio: words.main / (words.main + words.foreign) };
  };
  const whole = kind === "sentences" || share === 0 || share === 1;
  return Array.from({ length: count }, whole ? bySentences : byInsertions);
}
