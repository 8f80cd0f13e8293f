/** The script a word is written in, and the languages that may be meant by it. */

/** The scripts told apart; `other` holds letters of none of them. */
export type Script =
  | "latin"
  | "cyrillic"
  | "arabic"
  | "devanagari"
  | "han"
  | "kana"
  | "hangul"
  | "greek"
  | "hebrew"
  | "thai"
  | "bengali"
  | "tamil"
  | "telugu"
  | "kannada"
  | "malayalam"
  | "gujarati"
  | "gurmukhi"
  | "oriya"
  | "georgian"
  | "armenian"
  | "ethiopic"
  | "lao"
  | "other";

/** First and last code point of each script's letters, in order; blocks rather than single letters. */
const ranges: readonly (readonly [first: number, last: number, script: Script])[] = [
  [0x0041, 0x024f, "latin"],
  [0x0250, 0x02af, "latin"],
  [0x0370, 0x03ff, "greek"],
  [0x0400, 0x052f, "cyrillic"],
  [0x0531, 0x058f, "armenian"],
  [0x0591, 0x05f4, "hebrew"],
  [0x0600, 0x06ff, "arabic"],
  [0x0750, 0x077f, "arabic"],
  [0x08a0, 0x08ff, "arabic"],
  [0x0900, 0x097f, "devanagari"],
  [0x0980, 0x09ff, "bengali"],
  [0x0a00, 0x0a7f, "gurmukhi"],
  [0x0a80, 0x0aff, "gujarati"],
  [0x0b00, 0x0b7f, "oriya"],
  [0x0b80, 0x0bff, "tamil"],
  [0x0c00, 0x0c7f, "telugu"],
  [0x0c80, 0x0cff, "kannada"],
  [0x0d00, 0x0d7f, "malayalam"],
  [0x0e00, 0x0e7f, "thai"],
  [0x0e80, 0x0eff, "lao"],
  [0x10a0, 0x10ff, "georgian"],
  [0x1100, 0x11ff, "hangul"],
  [0x1200, 0x137f, "ethiopic"],
  [0x1c80, 0x1c8f, "cyrillic"],
  [0x1c90, 0x1cbf, "georgian"],
  [0x1e00, 0x1eff, "latin"],
  [0x1f00, 0x1fff, "greek"],
  [0x2c60, 0x2c7f, "latin"],
  [0x2de0, 0x2dff, "cyrillic"],
  [0x3005, 0x3007, "han"],
  [0x3041, 0x309f, "kana"],
  [0x30a1, 0x30ff, "kana"],
  [0x3130, 0x318f, "hangul"],
  [0x31f0, 0x31ff, "kana"],
  [0x3400, 0x4dbf, "han"],
  [0x4e00, 0x9fff, "han"],
  [0xa640, 0xa69f, "cyrillic"],
  [0xa720, 0xa7ff, "latin"],
  [0xac00, 0xd7af, "hangul"],
  [0xf900, 0xfaff, "han"],
  [0xfb00, 0xfb06, "latin"],
  [0xfb50, 0xfdff, "arabic"],
  [0xfe70, 0xfefe, "arabic"],
  [0xff21, 0xff5a, "latin"],
  [0xff66, 0xff9f, "kana"],
  [0x1d400, 0x1d7ff, "latin"],
  [0x20000, 0x323af, "han"],
];

/** Languages a word may be in by its script alone; the first is meant where nothing tells them apart. */
export const languagesOfScript: Readonly<Record<Script, readonly string[]>> = {
  latin: [
    ...["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "is", "pl", "cs", "sk", "sl", "hr"],
    ...["hu", "ro", "sq", "et", "lv", "lt", "eu", "ca", "tr", "az", "vi", "ms", "tl", "yo"],
  ],
  cyrillic: ["ru", "uk", "be", "bg", "sr"],
  arabic: ["ar", "fa", "ur", "ku"],
  devanagari: ["hi", "mr"],
  han: ["zh", "ja"],
  kana: ["ja"],
  hangul: ["ko"],
  greek: ["el"],
  hebrew: ["he"],
  thai: ["th"],
  bengali: ["bn"],
  tamil: ["ta"],
  telugu: ["te"],
  kannada: ["kn"],
  malayalam: ["ml"],
  gujarati: ["gu"],
  gurmukhi: ["pa"],
  oriya: ["or"],
  georgian: ["ka"],
  armenian: ["hy"],
  ethiopic: ["am"],
  lao: ["lo"],
  other: ["other"],
};

/** The script of one code point that is a letter. */
export function scriptOf(codePoint: number): Script {
  if (codePoint < 0x0250) return "latin";
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last, script] = ranges[middle] as (typeof ranges)[number];
    if (codePoint < first) high = middle - 1;
    else if (codePoint > last) low = middle + 1;
    else return script;
  }
  return "other";
}
