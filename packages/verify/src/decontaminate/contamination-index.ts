/** Remembers every n-gram of the evaluation sets, and finds those that a training text shares with them. */
import { normaliseWords } from "./normalise-words.ts";

export interface EvaluationItem {
  readonly id: string;
  /** The name of the evaluation set. */
  readonly set: string;
  /** Everything that must not be trained on: the question, and its solution where there is one. */
  readonly text: string;
}

export interface ContaminationMatch {
  readonly set: string;
  readonly id: string;
  /** `n-gram`; or `whole-text` for an item shorter than n words that the training text equals. */
  readonly kind: "n-gram" | "whole-text";
  /** The words shared, as they were compared. */
  readonly shared: string;
}

/** A sample that shares boilerplate with half a set needs no longer list. */
const mostMatches = 16;
const none = -1;

/**
 * Memory is that of the evaluation side: some 30 bytes for each of its words. n-grams are found by a hash and
 * confirmed word by word, so a match is never by chance.
 */
export class ContaminationIndex {
  readonly n: number;
  /** Items with fewer than n words: they match only a text that is the same as a whole. */
  readonly shortItems: number;
  readonly #items: { readonly set: string; readonly id: string }[] = [];
  readonly #wordNumbers = new Map<string, number>();
  /** The short items by their words. */
  readonly #whole = new Map<string, number[]>();
  /** [words of all items]: the number of each word, item after item. */
  readonly #text: Int32Array;
  /** [words of all items]: the item each word is in. */
  readonly #itemAt: Int32Array;
  /** [words of all items]: the position of the same n-gram in another item, or none. */
  readonly #next: Int32Array;
  /** [a power of two]: open addressing; the position of an n-gram's first occurrence, or none. */
  readonly #table: Int32Array;

  /** Throws RangeError unless n is a whole number of at least 1. */
  constructor(evaluation: Iterable<EvaluationItem>, n = 10) {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new RangeError(`n should be a whole number of at least 1, but is ${n}.`);
    }
    this.n = n;
    const text: number[] = [];
    const itemAt: number[] = [];
    const starts: number[] = [];
    let shortItems = 0;
    for (const { set, id, text: source } of evaluation) {
      const item = this.#items.push({ set, id }) - 1;
      const words = normaliseWords(source);
      if (words.length < n) {
        shortItems++;
        this.#addWhole(words.join(" "), item);
        continue;
      }
      for (let start = 0; start + n <= words.length; start++) starts.push(text.length + start);
      for (const word of words) {
        text.push(this.#numberOf(word));
        itemAt.push(item);
      }
    }
    this.shortItems = shortItems;
    this.#text = Int32Array.from(text);
    this.#itemAt = Int32Array.from(itemAt);
    this.#next = new Int32Array(text.length).fill(none);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(2 * starts.length + 2))).fill(none);
    for (const start of starts) this.#insert(start);
  }

  /** One match for each evaluation item that the text shares an n-gram with, in the text's order, 16 at most. */
  matches(text: string): ContaminationMatch[] {
    const words = normaliseWords(text);
    if (words.length < this.n) return this.#wholeMatches(words.join(" "));
    const found = new Map<number, ContaminationMatch>();
    for (const { start, first } of this.#sharedGrams(words)) {
      const shared = words.slice(start, start + this.n).join(" ");
      for (let at = first; at !== none && found.size < mostMatches; at = this.#next[at] ?? none) {
        const item = this.#itemAt[at] ?? none;
        if (!found.has(item)) found.set(item, this.#match(item, "n-gram", shared));
      }
      if (found.size >= mostMatches) break;
    }
    return [...found.values()];
  }

  #wholeMatches(words: string): ContaminationMatch[] {
    const items = words === "" ? [] : (this.#whole.get(words) ?? []);
    return items.slice(0, mostMatches).map((item) => this.#match(item, "whole-text", words));
  }

  /** Where the text has an n-gram of the evaluation side, each n-gram once, and that n-gram's first occurrence. */
  *#sharedGrams(words: readonly string[]): Generator<{ start: number; first: number }> {
    const numbers = Int32Array.from(words, (word) => this.#wordNumbers.get(word) ?? none);
    const seen = new Set<number>();
    let known = 0;
    for (let end = 1; end <= numbers.length; end++) {
      known = numbers[end - 1] === none ? 0 : known + 1;
      if (known < this.n) continue;
      const first = this.#table[this.#slotOf(numbers, end - this.n)] ?? none;
      if (first === none || seen.has(first)) continue;
      seen.add(first);
      yield { start: end - this.n, first };
    }
  }

  #match(item: number, kind: ContaminationMatch["kind"], shared: string): ContaminationMatch {
    const source = this.#items[item];
    if (source === undefined)
      throw new RangeError(`No evaluation item ${item}; there are ${this.#items.length}.`);
    return { ...source, kind, shared };
  }

  #addWhole(words: string, item: number): void {
    const items = this.#whole.get(words);
    if (items === undefined) this.#whole.set(words, [item]);
    else items.push(item);
  }

  #numberOf(word: string): number {
    const known = this.#wordNumbers.get(word);
    if (known !== undefined) return known;
    const number = this.#wordNumbers.size;
    this.#wordNumbers.set(word, number);
    return number;
  }

  /** Keeps the first occurrence in the table and one occurrence for each other item in a list behind it. */
  #insert(start: number): void {
    const slot = this.#slotOf(this.#text, start);
    const first = this.#table[slot] ?? none;
    if (first === none) {
      this.#table[slot] = start;
      return;
    }
    // Items come one after another, so this item's occurrence, if there is one, is the first or the newest.
    const newest = this.#next[first] ?? none;
    const item = this.#itemAt[start];
    if (this.#itemAt[first] === item || (newest !== none && this.#itemAt[newest] === item)) return;
    this.#next[start] = newest;
    this.#next[first] = start;
  }

  /** The slot that holds the n-gram at `start` of `numbers`, or the free one where it belongs. */
  #slotOf(numbers: Int32Array, start: number): number {
    const mask = this.#table.length - 1;
    let slot = hash(numbers, start, this.n) & mask;
    for (;;) {
      const at = this.#table[slot] ?? none;
      if (at === none || this.#isSame(at, numbers, start)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isSame(at: number, numbers: Int32Array, start: number): boolean {
    for (let index = 0; index < this.n; index++) {
      if (this.#text[at + index] !== numbers[start + index]) return false;
    }
    return true;
  }
}

/** FNV-1a over the word numbers, its bits mixed once more for the low ones that a table uses. */
function hash(numbers: Int32Array, start: number, n: number): number {
  let value = 0x811c9dc5;
  for (let index = start; index < start + n; index++) {
    value = Math.imul(value ^ (numbers[index] ?? 0), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  return value ^ (value >>> 15);
}
