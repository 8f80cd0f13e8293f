/** Shows on standard error how far a stream of rows is: a live line on a terminal, else a line now and then. */
import { formatDuration, type ProgressStream } from "../run/progress.ts";

export interface RowProgressOptions {
  readonly stream: ProgressStream;
  /** Bytes to read; null where that is not known. */
  readonly bytes: number | null;
  /** Seconds. */
  readonly now?: () => number;
}

const LIVE_SECONDS = 0.2;
const PLAIN_SECONDS = 10;

export class RowProgress {
  readonly #stream: ProgressStream;
  readonly #bytes: number | null;
  readonly #now: () => number;
  readonly #started: number;
  readonly #counts = new Map<string, number>();
  #shown: number;
  #rows = 0;

  constructor({ stream, bytes, now = () => performance.now() / 1000 }: RowProgressOptions) {
    this.#stream = stream;
    this.#bytes = bytes;
    this.#now = now;
    this.#started = now();
    this.#shown = this.#started;
  }

  /** Counts a row. `end` is how many bytes of the input are behind it. */
  row(outcome: string, end: number): void {
    this.#rows += 1;
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    const now = this.#now();
    const live = this.#stream.isTTY === true;
    if (now - this.#shown < (live ? LIVE_SECONDS : PLAIN_SECONDS)) return;
    this.#shown = now;
    const text = `${this.#bar(end, now)}${this.#rows} rows  ${this.#outcomes()}`;
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(live ? `\r\u001b[2K${text.slice(0, width)}` : `${text}\n`);
  }

  /** Ends the live line with what there was in all. */
  finish(note = ""): void {
    if (this.#stream.isTTY === true) this.#stream.write("\r\u001b[2K");
    const seconds = this.#now() - this.#started;
    const rate = this.#rows / Math.max(seconds, 1e-3);
    this.#stream.write(
      `${this.#rows} rows in ${seconds.toFixed(1)} s (${rate.toFixed(0)} a second): ${this.#outcomes() || "none"}${note}\n`,
    );
  }

  #outcomes(): string {
    return [...this.#counts]
      .sort((a, b) => b[1] - a[1])
      .map(([outcome, count]) => `${outcome} ${count}`)
      .join("  ");
  }

  #bar(end: number, now: number): string {
    if (this.#bytes === null || this.#bytes === 0) return "";
    const share = Math.min(1, end / this.#bytes);
    const left = ((now - this.#started) * (1 - share)) / Math.max(share, 1e-9);
    const full = Math.round(share * 16);
    return `${"█".repeat(full)}${"░".repeat(16 - full)} ${Math.floor(share * 100)}%  left ${formatDuration(left)}  `;
  }
}
