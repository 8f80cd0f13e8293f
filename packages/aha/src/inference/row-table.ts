/** Which sequence owns which row of the cache, and what idle and busy rows hold that a new prompt can take over. */
import type { Tensor } from "@aha/torch";

interface Row {
  readonly index: number;
  busy: boolean;
  adapter: string | null;
  /** The prompt, as far as it has been computed; what was generated behind it is never taken over. */
  prompt: readonly number[];
  /** Logits [1, V] after the whole prompt; null until it is computed. */
  logits: Tensor | null;
  /** Order of last use; rows that were never used come first. */
  used: number;
}

/** A row for a prompt. */
export interface TakenRow {
  readonly row: number;
  /** Tokens of the prompt that the row already holds, once `copyFrom` has been copied. */
  readonly held: number;
  /** Another row whose first `held` tokens are to be copied here. */
  readonly copyFrom: number | null;
}

/**
 * Prompts are computed in pieces of `pieceTokens` from their beginning, and only whole pieces are taken over (or a prompt that
 * is the same to its end). So what a row holds is bit for bit what the new prompt's own computation would give.
 */
export class RowTable {
  readonly #rows: Row[];
  readonly #pieceTokens: number;
  #clock = 0;

  constructor(rows: number, pieceTokens: number) {
    this.#pieceTokens = pieceTokens;
    this.#rows = Array.from({ length: rows }, (_, index) => ({
      ...{ index, busy: false, adapter: null, prompt: [], logits: null, used: 0 },
    }));
  }

  /** Rows that no sequence owns. */
  get free(): number {
    return this.#rows.filter(({ busy }) => !busy).length;
  }

  /** A row for the prompt; null while all are busy. `reuse` false takes nothing over. */
  take(adapter: string | null, prompt: readonly number[], reuse: boolean): TakenRow | null {
    const free = this.#rows.filter(({ busy }) => !busy).sort((left, right) => left.used - right.used);
    const [oldest] = free;
    if (oldest === undefined) return null;
    const best = reuse ? this.#best(adapter, prompt) : null;
    if (best === null) return this.#hand(oldest, adapter, prompt, 0, null);
    const { row, held } = best;
    const other = free.find((candidate) => candidate !== row);
    // A longer prompt that others may come back to is not given up for a short beginning.
    const inPlace = !row.busy && (other === undefined || 2 * held >= row.prompt.length);
    if (inPlace) return this.#hand(row, adapter, prompt, held, null);
    return this.#hand(other ?? oldest, adapter, prompt, held, row);
  }

  /** The row that holds the most of a prompt's beginning. */
  #best(adapter: string | null, prompt: readonly number[]): { row: Row; held: number } | null {
    let best: { row: Row; held: number } = { row: this.#rows[0] as Row, held: 0 };
    for (const row of this.#rows) {
      if (row.adapter !== adapter) continue;
      const held = this.#usable(row, prompt);
      if (held > best.held || (held === best.held && !row.busy)) best = { row, held };
    }
    return best.held === 0 ? null : best;
  }

  #usable(row: Row, prompt: readonly number[]): number {
    let common = 0;
    const most = Math.min(row.prompt.length, prompt.length);
    while (common < most && row.prompt[common] === prompt[common]) common++;
    const same = common === prompt.length && common === row.prompt.length;
    if (same && row.logits !== null) return common;
    // The last token must be computed, for its logits.
    const whole = Math.min(common, prompt.length - 1);
    return whole - (whole % this.#pieceTokens);
  }

  #hand(
    row: Row,
    adapter: string | null,
    prompt: readonly number[],
    held: number,
    source: Row | null,
  ): TakenRow {
    const all = held === prompt.length;
    if (source !== null || !all) {
      row.logits?.dispose();
      row.logits = all ? ((source as Row).logits as Tensor).clone().keep() : null;
    }
    row.busy = true;
    row.adapter = adapter;
    row.prompt = prompt.slice(0, held);
    row.used = ++this.#clock;
    return { row: row.index, held, copyFrom: source?.index ?? null };
  }

  /** Notes that the row now holds so much of its prompt; with the logits after it once it is whole. */
  computed(row: number, prompt: readonly number[], logits: Tensor | null): void {
    const own = this.#rows[row] as Row;
    own.prompt = prompt;
    if (logits !== null) own.logits = logits.clone().keep();
  }

  /** Logits [1, V] after the row's prompt, which must be whole. */
  logitsOf(row: number): Tensor {
    return (this.#rows[row] as Row).logits as Tensor;
  }

  /** Gives the row back; what it holds stays there to be taken over. */
  release(row: number): void {
    const own = this.#rows[row] as Row;
    own.busy = false;
    own.used = ++this.#clock;
  }

  dispose(): void {
    for (const row of this.#rows) {
      row.logits?.dispose();
      row.logits = null;
      row.prompt = [];
    }
  }
}
