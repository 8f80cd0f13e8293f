/**
 * Where a thought first reaches the answer that it ends with: what comes after it is the overthinking that the paper names
 * among its limits (§12 of the facts: too many tokens on easy questions).
 *
 * Only for completions that were judged correct: their final answer is the right one, so its first mention is the first
 * correct conclusion. A mention is the answer's own text, or, where the answer is a sum to be worked out, its value after an
 * equals sign. Numbers match whole.
 */

/** Longer answers are no sums; it also bounds how deep brackets can nest. */
const LONGEST_SUM = 200;

/** Plain numbers with + − × ÷ and brackets; null for anything else, or where it divides by zero. */
export function arithmeticValue(text: string): number | null {
  if (text.length > LONGEST_SUM || /\d\s+\d/.test(text)) return null;
  const plain = text.replaceAll(/[×·]/g, "*").replaceAll("÷", "/").replaceAll("−", "-").replaceAll(/\s/g, "");
  const tokens = plain.match(/\d+(?:\.\d+)?|[-+*/()]/g);
  if (tokens === null || tokens.join("") !== plain) return null;
  let place = 0;
  const sum = (): number => {
    let value = product();
    while (tokens[place] === "+" || tokens[place] === "-") {
      value = tokens[place++] === "+" ? value + product() : value - product();
    }
    return value;
  };
  const product = (): number => {
    let value = factor();
    while (tokens[place] === "*" || tokens[place] === "/") {
      value = tokens[place++] === "*" ? value * factor() : value / factor();
    }
    return value;
  };
  const factor = (): number => {
    const token = tokens[place++];
    if (token === "-") return -factor();
    if (token !== "(") return Number(token ?? Number.NaN);
    const value = sum();
    return tokens[place++] === ")" ? value : Number.NaN;
  };
  const value = sum();
  return place === tokens.length && Number.isFinite(value) ? value : null;
}

const tight = (text: string): string => text.replaceAll(/\s+/g, "");

/** Offset past the first whole occurrence of `needle` in `text`; −1 where there is none. Digits may not go on beside it. */
function endOfFirst(text: string, needle: string): number {
  for (let from = text.indexOf(needle); from >= 0; from = text.indexOf(needle, from + 1)) {
    const end = from + needle.length;
    const cut = /\d/.test(needle.at(-1) ?? "") && /^(?:\d|\.\d)/.test(text.slice(end, end + 2));
    const joined = /\d/.test(needle[0] ?? "") && /[\d.]/.test(text[from - 1] ?? "");
    if (!cut && !joined) return end;
  }
  return -1;
}

/**
 * Share of the thinking that comes after the first mention of its answer, 0 … 1; null where the thinking never mentions it,
 * or there is none.
 */
export function afterFirstConclusion(thinking: string, answer: string): number | null {
  const text = tight(thinking);
  const goal = tight(answer);
  if (text === "" || goal === "") return null;
  const ends = [endOfFirst(text, goal)];
  const isSum = /\d\s*[-+*/×÷·−]/.test(answer);
  const value = isSum ? arithmeticValue(answer.split("=")[0] ?? "") : null;
  if (value !== null) ends.push(endOfFirst(text, `=${Number(value.toFixed(9))}`));
  const found = ends.filter((end) => end >= 0);
  return found.length === 0 ? null : 1 - Math.min(...found) / text.length;
}
