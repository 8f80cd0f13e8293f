/** Streams rows through a command: from a file or standard input, to a file or standard output, with progress and Ctrl-C. */
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync, fstatSync, openSync, statSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { UsageError } from "./cli-error.ts";

export interface RowInput {
  readonly stream: Readable;
  /** For messages. */
  readonly name: string;
  /** Null where it is not known, as of a pipe. */
  readonly bytes: number | null;
}

/** Opens the input; `-` is standard input. Errors such as ENOENT come at once. */
export function openInput(file: string): RowInput {
  if (file === "-") {
    if (process.stdin.isTTY) throw new UsageError("no input: name a JSONL file, or pipe one in");
    return { stream: process.stdin, name: "standard input", bytes: null };
  }
  const descriptor = openSync(file, "r");
  const status = fstatSync(descriptor);
  if (status.isDirectory()) throw new UsageError(`${file} is a folder; name a JSONL file`);
  const bytes = status.isFile() ? status.size : null;
  return { stream: createReadStream(file, { fd: descriptor }), name: file, bytes };
}

export interface RowOutput {
  /** Makes the file, where that has not happened yet. */
  open(): void;
  /** Waits while the reader is slow, so that rows do not pile up in memory. */
  write(row: unknown): Promise<void>;
  /** Everything written is in the file then. A file that was never opened is left as it was. */
  close(): Promise<void>;
}

/** The output to a file, which is made anew once there is something to write; to standard output where none is named. */
export function rowOutput(file: string | undefined): RowOutput {
  let stream: Writable | null = null;
  const open = (): Writable => {
    stream ??= file === undefined ? process.stdout : createWriteStream(file, { fd: openSync(file, "w") });
    return stream;
  };
  return {
    open,
    write: async (row) => {
      const opened = open();
      if (!opened.write(`${JSON.stringify(row)}\n`)) await once(opened, "drain");
    },
    close: async () => {
      if (file === undefined || stream === null) return;
      stream.end();
      await finished(stream);
    },
  };
}

/** Refuses an output that is the input: it would be emptied before it is read. */
export function requireDifferent(input: string, output: string | undefined): void {
  if (output === undefined || input === "-" || !existsSync(output)) return;
  const [one, other] = [statSync(input), statSync(output)];
  if (one.dev === other.dev && one.ino === other.ino && one.isFile()) {
    throw new UsageError(`--out ${output} is the input itself; name another file`);
  }
}

/** Runs work that Ctrl-C may end early: the first asks it to, a second ends the process as usual. */
export async function untilInterrupt<Result>(
  work: (interrupted: () => boolean) => Promise<Result>,
  onInterrupt: () => void,
): Promise<Result> {
  let asked = false;
  const listener = (): void => {
    asked = true;
    process.off("SIGINT", listener);
    process.off("SIGTERM", listener);
    onInterrupt();
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  try {
    return await work(() => asked);
  } finally {
    process.off("SIGINT", listener);
    process.off("SIGTERM", listener);
  }
}
