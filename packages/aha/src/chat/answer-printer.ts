/** Prints an answer as it arrives: the reasoning dimmed, then the answer, then how fast it was. */
import type { ChatDelta } from "./chat-client.ts";

export interface PrinterOptions {
  readonly write: (text: string) => void;
  /** Whether the terminal shows styles; without them the reasoning is put in tags. */
  readonly styled: boolean;
  readonly showThinking: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface PrintedAnswer {
  readonly text: string;
  readonly reasoning: string;
  readonly finish: string | null;
}

const DIM = "\x1b[2m";
const PLAIN = "\x1b[22m";

export class AnswerPrinter {
  readonly #options: PrinterOptions;
  readonly #start: number;
  #first: number | null = null;
  #last = 0;
  #tokens = 0;
  #text = "";
  #reasoning = "";
  #finish: string | null = null;

  constructor(options: PrinterOptions) {
    this.#options = options;
    this.#start = options.now();
  }

  take({ reasoning, text, tokens, finish }: ChatDelta): void {
    const { write, styled, showThinking, now } = this.#options;
    if (reasoning !== "" || text !== "") {
      this.#last = now();
      this.#first ??= this.#last;
    }
    this.#tokens = tokens;
    this.#finish = finish ?? this.#finish;
    if (reasoning !== "") {
      if (this.#reasoning === "") write(styled ? DIM : showThinking ? "<think>\n" : "");
      if (showThinking) write(reasoning);
      else if (this.#reasoning === "" && styled) write("thinking…");
    }
    this.#reasoning += reasoning;
    if (text === "") return;
    if (this.#text === "" && this.#reasoning !== "") this.#endReasoning();
    this.#text += text;
    write(text);
  }

  #endReasoning(): void {
    const { write, styled, showThinking } = this.#options;
    if (styled) write(showThinking ? `${PLAIN}\n\n` : `${PLAIN}\r\x1b[K`);
    else if (showThinking) write("\n</think>\n\n");
  }

  /** Ends the line, styles, and with `stopped` says so; returns what was said. */
  end(stopped: boolean): PrintedAnswer {
    const { write, styled } = this.#options;
    if (this.#text === "" && this.#reasoning !== "") this.#endReasoning();
    if (!this.#text.endsWith("\n")) write("\n");
    if (styled) write(`${DIM}${this.#summary(stopped)}${PLAIN}\n`);
    return { text: this.#text, reasoning: this.#reasoning, finish: this.#finish };
  }

  #summary(stopped: boolean): string {
    if (this.#first === null) return stopped ? "stopped" : "no answer";
    const seconds = (this.#last - this.#first) / 1000;
    const rate =
      seconds > 0 && this.#tokens > 1 ? `, ${((this.#tokens - 1) / seconds).toFixed(1)} a second` : "";
    const wait = ((this.#first - this.#start) / 1000).toFixed(1);
    const end = stopped ? ", stopped" : this.#finish === "length" ? ", cut off at the limit of tokens" : "";
    return `${this.#tokens} tokens${rate}, the first after ${wait} s${end}`;
  }
}
