/** DROP's exact match and F1 of a free answer against gold spans (Dua et al. 2019, and its published evaluation). */

export interface DropScore {
  readonly exact: 0 | 1;
  /** 0 … 1, rounded to two places as published. */
  readonly f1: number;
}

/** The best over several annotators' answers, each one or more spans; the given answer is one span. */
export function dropScore(given: string, golds: readonly (readonly string[])[]): DropScore {
  const scores = golds
    .filter((spans) => spans.some((span) => span.trim() !== ""))
    .map((spans) => scoreAgainst([given], spans));
  return {
    exact: scores.some(({ exact }) => exact === 1) ? 1 : 0,
    f1: Math.max(0, ...scores.map(({ f1 }) => f1)),
  };
}

function scoreAgainst(given: readonly string[], gold: readonly string[]): DropScore {
  const [a, b] = [given.map(normalise), gold.map(normalise)];
  const sameSets =
    a.length === b.length && a.every((span) => b.includes(span)) && b.every((span) => a.includes(span));
  const [first = ""] = a;
  // One given span pairs with the gold span it fits best; every further gold span counts as missed.
  const best = Math.max(...b.map((span) => bagF1(bagOf(first), bagOf(span))));
  const f1 = best / Math.max(a.length, b.length);
  return { exact: sameSets ? 1 : 0, f1: Math.round(f1 * 100) / 100 };
}

const bagOf = (normalised: string): Set<string> =>
  new Set(normalised.split(" ").filter((word) => word !== ""));

/** 0 where the gold has numbers of which the answer has none: 12 yards is no part of 21 yards. */
function bagF1(given: ReadonlySet<string>, gold: ReadonlySet<string>): number {
  const numbers = [...gold].filter(isNumber);
  if (numbers.length > 0 && !numbers.some((number) => given.has(number))) return 0;
  const common = [...given].filter((word) => gold.has(word)).length;
  const precision = given.size === 0 ? 1 : common / given.size;
  const recall = gold.size === 0 ? 1 : common / gold.size;
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** What Python's `float` reads, as far as answers go. */
const isNumber = (word: string): boolean =>
  /^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) || /^[+-]?(inf|infinity|nan)$/i.test(word);

/** Python's string.punctuation. */
const punctuation = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g;

/** Words in lower case without punctuation and articles, numbers in one form. */
function normalise(text: string): string {
  return text
    .split(/[ -]/)
    .map((token) => {
      const lower = token.toLowerCase();
      const bare = isNumber(lower) ? lower : lower.replace(punctuation, "");
      const number = isNumber(bare) ? pythonFloat(bare) : bare;
      return number
        .replace(/\b(a|an|the)\b/g, " ")
        .split(/\s+/)
        .filter((word) => word !== "")
        .join(" ");
    })
    .filter((token) => token.trim() !== "")
    .join(" ")
    .trim();
}

/** As Python writes a float: 3 is 3.0. Two spellings of a number only have to come out the same. */
function pythonFloat(text: string): string {
  const value = Number(text.replaceAll("_", ""));
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
