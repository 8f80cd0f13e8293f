/** Tells Chinese from Japanese word by word: kana decides, then characters only one of them has, then neighbours. */
import { type ChainWord, labelWords } from "./label-words.ts";
import type { Word } from "./words.ts";

/** Every Han character of one double-byte character set, as the platform's decoder knows it. */
function charactersOf(
  encoding: string,
  leads: readonly [number, number],
  trails: readonly [number, number],
): Set<string> {
  const bytes: number[] = [];
  for (let lead = leads[0]; lead <= leads[1]; lead++) {
    for (let trail = trails[0]; trail <= trails[1]; trail++) bytes.push(lead, trail, 0x0a);
  }
  const text = new TextDecoder(encoding).decode(Uint8Array.from(bytes));
  return new Set(text.match(/\p{Script=Han}/gu) ?? []);
}

/**
 * Characters that only Chinese, or only Japanese, has: what the national sets GB 2312 (simplified) and Big5
 * (traditional) hold and JIS X 0208 does not, and the other way round. Made when first asked for.
 */
function readForms(): { readonly chinese: ReadonlySet<string>; readonly japanese: ReadonlySet<string> } {
  const simplified = charactersOf("gbk", [0xb0, 0xf7], [0xa1, 0xfe]);
  // Level 1 and level 2; between them the decoder has Hong Kong's additions, Japanese forms among them.
  const traditional = new Set(
    (
      [
        [0xa4, 0xc5],
        [0xc9, 0xf8],
      ] as const
    ).flatMap((leads) => [
      ...charactersOf("big5", leads, [0x40, 0x7e]),
      ...charactersOf("big5", leads, [0xa1, 0xfe]),
    ]),
  );
  const kanji = charactersOf("euc-jp", [0xb0, 0xf4], [0xa1, 0xfe]);
  return {
    chinese: new Set([...simplified, ...traditional].filter((one) => !kanji.has(one))),
    japanese: new Set([...kanji].filter((one) => !simplified.has(one) && !traditional.has(one))),
  };
}
let forms: ReturnType<typeof readForms> | undefined;

/** Log-probabilities of a word in [Chinese, Japanese]. Every second Japanese word or so has kana. */
const evidenceOf = {
  kana: Float64Array.of(-30, Math.log(0.5)),
  chineseForm: Float64Array.of(Math.log(0.5), -8),
  japaneseForm: Float64Array.of(-8, Math.log(0.25)),
  either: Float64Array.of(Math.log(0.5), Math.log(0.25)),
} as const;

/** What a change between the two costs in nats. */
const changeCosts: Readonly<Record<Word["boundary"], number>> = { none: 2.5, phrase: 1.5, sentence: 0.7 };

/** Writes the languages of the words in Han characters and kana into `languages`. Linear in the words. */
export function labelEastAsian(words: readonly Word[], languages: string[], target: string): void {
  const chain: ChainWord[] = [];
  const places: number[] = [];
  let boundary: Word["boundary"] = "sentence";
  for (const [index, { text, script, boundary: before }] of words.entries()) {
    if (before === "sentence" || boundary === "none") boundary = before;
    if (script !== "han" && script !== "kana") continue;
    chain.push({ evidence: evidenceOf[kindOf(text)], changeCost: changeCosts[boundary] });
    places.push(index);
    boundary = "none";
  }
  if (places.length === 0) return;
  const japanese = target === "ja" ? 0.9 : 0.4;
  const labels = labelWords(chain, Float64Array.of(Math.log(1 - japanese), Math.log(japanese)));
  for (const [position, index] of places.entries()) languages[index] = labels[position] === 0 ? "zh" : "ja";
}

function kindOf(text: string): keyof typeof evidenceOf {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return "kana";
  forms ??= readForms();
  const { chinese, japanese } = forms;
  for (const character of text) {
    if (chinese.has(character)) return "chineseForm";
    if (japanese.has(character)) return "japaneseForm";
  }
  return "either";
}
