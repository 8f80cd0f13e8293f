/** Writes TensorBoard event files: TFRecord frames around hand-encoded `Event` protocol buffers. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { maskedCrc32c } from "./crc32c.ts";
import type { Metrics } from "./run-records.ts";
import { asStorageError } from "./storage-error.ts";

/** A base-128 varint, least significant group first. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A length-delimited field (wire type 2): a string, bytes, or a message. */
function delimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(content.length), content]);
}

/** `Event.wall_time` (1, double) and `Event.step` (2, int64), with what it carries. */
function event(time: number, step: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head[0] = (1 << 3) | 1;
  head.writeDoubleLE(time, 1);
  return Buffer.concat([head, Buffer.from([2 << 3]), varint(step), payload]);
}

/** `Summary.Value` with `tag` (1) and `simple_value` (2, float). */
function scalar(tag: string, value: number): Buffer {
  const number = Buffer.alloc(5);
  number[0] = (2 << 3) | 5;
  number.writeFloatLE(value, 1);
  return delimited(1, Buffer.concat([delimited(1, Buffer.from(tag)), number]));
}

/** `Event` with `summary` (5): the scalars of one step. */
export function scalarEvent(time: number, step: number, metrics: Metrics): Buffer {
  const values = Object.entries(metrics).map(([tag, value]) => scalar(tag, value));
  return event(time, step, delimited(5, Buffer.concat(values)));
}

/** `Event` with `file_version` (3), the first of every file. */
export function versionEvent(time: number): Buffer {
  return event(time, 0, delimited(3, Buffer.from("brain.Event:2")));
}

/** `Event` with `session_log` (7) START: readers forget what they saw from this step on. */
export function restartEvent(time: number, step: number): Buffer {
  return event(time, step, delimited(7, Buffer.from([1 << 3, 1])));
}

/** A TFRecord: length (uint64), its masked CRC, the data, its masked CRC; little-endian. */
export function tensorboardRecord(data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(data.length), 0);
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc32c(data), 0);
  return Buffer.concat([head, data, tail]);
}

const kept = "events.jsonl holds the same numbers, checkpoints are whole";

/** One event file; a resumed run starts another, which tells TensorBoard what to forget. */
export class TensorboardWriter {
  readonly path: string;
  readonly #descriptor: number;

  /**
   * @param resumedStep the step that a resumed run stands at; null for a fresh one
   * @param time seconds since the epoch; part of the file's name, by which TensorBoard orders files
   */
  constructor(folder: string, resumedStep: number | null = null, time = Date.now() / 1000) {
    const stamp = `${Math.floor(time)}`.padStart(10, "0");
    const firstStep = (resumedStep ?? 0) + 1;
    this.path = join(folder, `events.out.tfevents.${stamp}.aha.${process.pid}.${firstStep}`);
    try {
      this.#descriptor = openSync(this.path, "a");
    } catch (error) {
      throw asStorageError(error, this.path, kept);
    }
    this.#write(versionEvent(time));
    if (resumedStep !== null) this.#write(restartEvent(time, firstStep));
  }

  /** Appends the finite ones of a step's metrics. */
  scalars(step: number, metrics: Metrics, time = Date.now() / 1000): void {
    const finite = Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
    this.#write(scalarEvent(time, step, finite));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(data: Buffer): void {
    try {
      const record = tensorboardRecord(data);
      for (let written = 0; written < record.length; ) {
        written += writeSync(this.#descriptor, record, written);
      }
    } catch (error) {
      throw asStorageError(error, this.path, kept);
    }
  }
}
