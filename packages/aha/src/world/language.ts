/** The two languages of the miniature's world. */

/** ISO 639-1. */
export type Language = "en" | "zh";

export const languages: readonly Language[] = ["en", "zh"];

/** A text in both languages. */
export type Bilingual = Readonly<Record<Language, string>>;

export const otherLanguage = (language: Language): Language => (language === "en" ? "zh" : "en");

/** The words that hold a thought together. */
export const connectives = {
  /** After a try that failed. */
  no: { en: "no", zh: "不对" },
  /** After a try that succeeded, or a chain that is complete. */
  yes: { en: "yes", zh: "对" },
  /** Before another try. */
  wait: { en: "wait", zh: "等等" },
  /** Before the next step of a chain. */
  next: { en: "then", zh: "再" },
} as const satisfies Record<string, Bilingual>;

/** The world's people, at the same place in both languages. */
export const people: Readonly<Record<Language, readonly string[]>> = {
  en: ["Ann", "Bob", "Cid", "Dan", "Eva", "Fay", "Gus", "Hal"],
  zh: ["小安", "小白", "小陈", "小丁", "小方", "小高", "小何", "小金"],
};
