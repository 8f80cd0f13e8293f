/** Counts reflective words in English and Chinese, by the paper's list or one's own. */
import { reflectiveWords } from "../tasks/reflection.ts";

/** Words that count as one, by the name they are told under. */
export type WordList = Readonly<Record<string, readonly string[]>>;

/** What each of the paper's words is in Chinese reasoning; ours, since the paper lists English only. */
const chinese: Readonly<Record<(typeof reflectiveWords)[number], readonly string[]>> = {
  wait: ["等等", "等一下", "等下", "慢着"],
  mistake: ["搞错", "弄错", "失误", "错误"],
  however: ["然而", "不过", "可是"],
  but: ["但是", "但"],
  retry: ["重试", "重新尝试", "再试", "重来"],
  error: ["出错", "误差"],
  verify: ["验证", "核实", "验算"],
  wrong: ["不对", "错了", "不正确"],
  evaluate: ["评估", "评价"],
  check: ["检查", "核对"],
};

export const paperWords: WordList = Object.fromEntries(
  reflectiveWords.map((word) => [word, [word, ...chinese[word]]]),
);

/** `wait,hmm,等等`: each word under its own name. */
export function wordList(text: string): WordList {
  const words = text
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "");
  return Object.fromEntries(words.map((word) => [word, [word]]));
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const isHan = (word: string): boolean => /\p{Script=Han}/u.test(word);

/** Counts by name: whole words in any case; Chinese ones anywhere, since nothing parts its words, the longest first. */
export function wordCounter(list: WordList): (text: string) => Readonly<Record<string, number>> {
  const names = new Map<string, string>();
  for (const [name, words] of Object.entries(list)) {
    for (const word of words) names.set(word.toLowerCase(), name);
  }
  const words = [...names.keys()]
    .sort((a, b) => b.length - a.length)
    .map((word) => {
      const pattern = escaped(word);
      return isHan(word) ? pattern : `(?<![\\p{L}\\p{N}_])${pattern}(?![\\p{L}\\p{N}_])`;
    });
  const none = Object.fromEntries(Object.keys(list).map((name) => [name, 0]));
  if (words.length === 0) return () => none;
  const pattern = new RegExp(words.join("|"), "giu");
  return (text) => {
    const counts: Record<string, number> = { ...none };
    for (const [word] of text.matchAll(pattern)) {
      const name = names.get(word.toLowerCase());
      if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
}
