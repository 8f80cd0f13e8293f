/** A run's `events.jsonl`: appended as things happen, cut back to a checkpoint when the run is resumed. */
import { existsSync, truncateSync } from "node:fs";
import { JsonLineWriter, readJsonLines } from "./json-lines.ts";
import type { NewRunEvent, RunEvent } from "./run-records.ts";

/** Appends events; times are seconds since the epoch. */
export class EventLog {
  readonly #writer: JsonLineWriter;
  readonly #now: () => number;

  constructor(path: string, now: () => number = () => Date.now() / 1000) {
    this.#writer = new JsonLineWriter(path, "append");
    this.#now = now;
  }

  /** Bytes in the log: where a resumed run that stands here goes on. */
  get position(): number {
    return this.#writer.length;
  }

  append(event: NewRunEvent): RunEvent {
    const complete: RunEvent = { ...event, time: event.time ?? Math.round(this.#now() * 1000) / 1000 };
    this.#writer.append(complete);
    return complete;
  }

  sync(): void {
    this.#writer.sync();
  }

  close(): void {
    this.#writer.close();
  }
}

/** The events of a log in order; a torn last line is left out. */
export function* readEvents(path: string): Generator<RunEvent> {
  for (const { value } of readJsonLines(path)) {
    if (isRunEvent(value)) yield value;
  }
}

/**
 * Cuts a log back to where a checkpoint was made, so that no step is told twice: to `position`, the length
 * it then had, or, where the log is shorter than that, to its last whole event not after `step`.
 */
export function truncateEvents(path: string, step: number, position: number): void {
  if (!existsSync(path)) return;
  let end = 0;
  for (const line of readJsonLines(path)) {
    if (line.end > position || (isRunEvent(line.value) && line.value.step > step)) break;
    end = line.end;
  }
  truncateSync(path, end);
}

function isRunEvent(value: unknown): value is RunEvent {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    "step" in value &&
    typeof value.step === "number"
  );
}
