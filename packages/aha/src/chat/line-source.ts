/** Where a chat's lines come from: a terminal with editing and history, or a pipe. */
import { createInterface } from "node:readline";

export interface LineSource {
  /** The next line; null at the end. `initial` is put into the line to be edited. */
  next(prompt: string, initial?: string): Promise<string | null>;
  close(): void;
}

/** The input and output of a process, or a test's. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Lines of a pipe, one a question. */
export function pipedLines({ input }: Terminal): LineSource {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const iterator = lines[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await iterator.next();
      return done === true ? null : value;
    },
    close: () => lines.close(),
  };
}

/**
 * Lines typed at a terminal. Between two questions the terminal is left as it was, so that Ctrl-C is a signal there.
 * `history` has the latest line first and is added to.
 */
export function typedLines({ input, output }: Terminal, history: string[]): LineSource {
  return {
    next: (prompt, initial = "") =>
      new Promise((resolve) => {
        const lines = createInterface({
          input,
          output,
          terminal: true,
          history: [...history],
          historySize: 1000,
        });
        let ended = false;
        // Closing tells "close", too.
        const end = (line: string | null): void => {
          if (ended) return;
          ended = true;
          lines.close();
          if (line !== null && line.trim() !== "" && line !== history[0]) history.unshift(line);
          resolve(line);
        };
        lines.on("SIGINT", () => {
          if (lines.line === "") output.write("\n(Ctrl-D or /quit ends, /help explains)\n");
          // Ctrl-U: the line is thrown away.
          lines.write(null, { ctrl: true, name: "e" });
          lines.write(null, { ctrl: true, name: "u" });
          lines.prompt();
        });
        lines.on("close", () => end(null));
        lines.question(prompt, end);
        if (initial !== "") lines.write(initial);
      }),
    close() {},
  };
}
