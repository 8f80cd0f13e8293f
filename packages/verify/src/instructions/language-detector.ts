/** Tells the language of a whole response, for the instructions that ask for one. */
import { languageByFunctionWords } from "./function-words.ts";

/** langdetect, which the published verdicts rest on, reads no more of a text either. */
const longestText = 10_000;

/** eld's tables take a second and some memory to load, so they are loaded once, when first asked for. */
let loading: Promise<(text: string) => string | undefined> | undefined;

/**
 * A function for `InstructionOptions.detectLanguage`: the ISO 639-1 code of the language of a text's first 10,000
 * characters, undefined where nothing of it is known. By eld (n-grams, 60 languages), and by function words for the
 * two languages of IFEval that eld does not know. langdetect, which the published verdicts rest on, draws samples at
 * random, so that its own answers on short or mixed texts vary.
 */
export function loadLanguageDetector(): Promise<(text: string) => string | undefined> {
  loading ??= import("eld/large").then(({ eld }) => (text) => {
    const start = text.slice(0, longestText).toLowerCase();
    const { language } = eld.detect(start);
    if (language === "") return undefined;
    return languageByFunctionWords(start) ?? language;
  });
  return loading;
}
