/** The language codes this package speaks: ISO 639-1, without script or region. */
import { languagesOfScript } from "./script.ts";

/** A language that cannot be told, or no language at all. */
export class UnknownLanguageError extends Error {
  override readonly name = "UnknownLanguageError";
  constructor(code: string) {
    super(
      `Expected the code of a language such as "en" or "zh", got ${JSON.stringify(code)}; ` +
        `known are ${[...knownLanguages].sort().join(", ")}.`,
    );
  }
}

const knownLanguages: ReadonlySet<string> = new Set(
  Object.values(languagesOfScript)
    .flat()
    .filter((language) => language !== "other"),
);

/** Codes for which the evidence is that of a language all but equal in writing. */
const aliases: Readonly<Record<string, string>> = {
  cmn: "zh",
  nb: "no",
  nn: "no",
  fil: "tl",
  id: "ms",
  bs: "hr",
};

/** `zh-Hans-CN` as `zh`. Throws UnknownLanguageError. */
export function languageCode(code: string): string {
  const primary = (code.trim().toLowerCase().split(/[-_]/)[0] ?? "").slice(0, 8);
  const language = Object.hasOwn(aliases, primary) ? aliases[primary] : primary;
  if (language === undefined || !knownLanguages.has(language)) throw new UnknownLanguageError(code);
  return language;
}
