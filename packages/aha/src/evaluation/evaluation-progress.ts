/** Shows how an evaluation goes: a bar with the time left, the score so far, and what failed. */
import { formatDuration, type ProgressStream } from "../run/progress.ts";
import { isTruncated, type SampleRecord } from "./sample-record.ts";

const LIVE_SECONDS = 0.2;
const PLAIN_SECONDS = 30;

export interface EvaluationProgressOptions {
  readonly title: string;
  /** Completions wanted. */
  readonly total: number;
  /** How many of them are known already. */
  readonly known: number;
  readonly stream: ProgressStream;
  /** Seconds. */
  readonly now?: () => number;
}

export class EvaluationProgress {
  readonly #options: EvaluationProgressOptions;
  readonly #now: () => number;
  readonly #started: number;
  #shown: number;
  #done = 0;
  #scored = 0;
  #sum = 0;
  #truncated = 0;
  #failed = 0;
  #tokens = 0;

  constructor(options: EvaluationProgressOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now() / 1000);
    this.#started = this.#now();
    this.#shown = this.#started;
    if (options.known > 0) {
      options.stream.write(
        `${options.title}: ${options.known} of ${options.total} samples are there from before\n`,
      );
    }
  }

  /** Counts a record; `value` is its headline's. */
  record(record: SampleRecord, value: number | null): void {
    this.#done += 1;
    if (record.failure !== null) this.#failed += 1;
    if (value !== null) {
      this.#scored += 1;
      this.#sum += value;
    }
    if (isTruncated(record)) this.#truncated += 1;
    for (const { completionTokens } of record.turns) this.#tokens += completionTokens ?? 0;
    const live = this.#options.stream.isTTY === true;
    const now = this.#now();
    if (now - this.#shown < (live ? LIVE_SECONDS : PLAIN_SECONDS) || this.#done < this.#options.known) return;
    this.#shown = now;
    const width = (this.#options.stream.columns ?? 80) - 1;
    this.#options.stream.write(live ? `\r\u001b[2K${this.text().slice(0, width)}` : `${this.text()}\n`);
  }

  /** A line that stays, above the live one. */
  say(text: string): void {
    if (this.#options.stream.isTTY === true) this.#options.stream.write("\r\u001b[2K");
    this.#options.stream.write(`${text}\n`);
  }

  /** Ends the live line. */
  end(): void {
    const { stream } = this.#options;
    if (stream.isTTY === true) stream.write("\r\u001b[2K");
    stream.write(`${this.text()}\n`);
  }

  /** What is shown: done, time left, score so far. */
  text(): string {
    const { title, total, known } = this.#options;
    const share = total === 0 ? 1 : this.#done / total;
    const seconds = this.#now() - this.#started;
    const fresh = this.#done - Math.min(known, this.#done);
    const left = fresh === 0 ? null : (seconds / fresh) * (total - this.#done);
    const full = Math.round(share * 16);
    const parts = [
      `${title} ${"█".repeat(full)}${"░".repeat(16 - full)} ${this.#done}/${total}`,
      this.#done === total
        ? `in ${formatDuration(seconds)}`
        : left === null
          ? ""
          : `left ${formatDuration(left)}`,
      this.#scored === 0 ? "" : `score ${((100 * this.#sum) / this.#scored).toFixed(1)} %`,
      `cut off ${this.#done === 0 ? 0 : Math.round((100 * this.#truncated) / this.#done)} %`,
      this.#tokens === 0 ? "" : `${Math.round(this.#tokens / Math.max(1, this.#done))} tokens each`,
      this.#failed === 0 ? "" : `failed ${this.#failed}`,
    ];
    return parts.filter((part) => part !== "").join("  ");
  }
}
