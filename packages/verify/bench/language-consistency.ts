/** Measures language consistency on mixes of known shares, and its speed: `npx tsx packages/verify/bench/language-consistency.ts`. */
import { countLanguages, loadWordEvidence } from "../src/language/language-consistency.ts";
import {
  languageDataMissing,
  languageMixes,
  type MixKind,
  readLanguageLines,
} from "../test/helpers/language-mixes.ts";

const shares = [0, 0.05, 0.25, 0.5, 1];
const pairs: Readonly<Record<MixKind, readonly (readonly [main: string, foreign: string])[]>> = {
  sentences: [
    ["zh", "en"],
    ["en", "zh"],
    ["en", "de"],
    ["de", "en"],
    ["zh", "ja"],
    ["ja", "zh"],
    ["en", "ru"],
    ["ru", "en"],
  ],
  phrases: [
    ["zh", "en"],
    ["en", "zh"],
    ["en", "de"],
    ["de", "en"],
    ["zh", "ja"],
    ["ja", "zh"],
    ["en", "ru"],
  ],
  words: [
    ["zh", "en"],
    ["en", "de"],
    ["de", "en"],
    ["en", "ru"],
  ],
};

if (languageDataMissing !== false) throw new Error(languageDataMissing);
const evidence = await loadWordEvidence();

console.log("Mean absolute error of the ratio; foreign share 0, 5, 25, 50, 100 %.\n");
for (const kind of ["sentences", "phrases", "words"] as const) {
  console.log(`| ${kind} | ${shares.map((share) => `${100 * share} %`).join(" | ")} |`);
  console.log(`|---|${shares.map(() => "---|").join("")}`);
  for (const [main, foreign] of pairs[kind]) {
    const errors = shares.map((share) => {
      const mixes = languageMixes(main, foreign, share, kind, 40);
      const sum = mixes.reduce(
        (total, { text, ratio }) => total + Math.abs(countLanguages(text, main, evidence).ratio - ratio),
        0,
      );
      return (sum / mixes.length).toFixed(3);
    });
    console.log(`| ${foreign} in ${main} | ${errors.join(" | ")} |`);
  }
  console.log();
}

console.log("| texts of 40 sentences | characters each | texts a second (first reading) | texts a second |");
console.log("|---|---|---|---|");
for (const language of ["en", "de", "zh", "ja", "ru"]) {
  const lines = readLanguageLines(language);
  const texts = lines.flatMap((_, index) =>
    index % 40 === 0 ? [lines.slice(index, index + 40).join(" ")] : [],
  );
  const rates = [1, 2].map(() => {
    const start = process.cpuUsage();
    for (const text of texts) countLanguages(text, language, evidence);
    return ((1e6 * texts.length) / process.cpuUsage(start).user).toFixed(0);
  });
  const characters = Math.round(texts.join("").length / texts.length);
  console.log(`| ${language} | ${characters} | ${rates.join(" | ")} |`);
}
