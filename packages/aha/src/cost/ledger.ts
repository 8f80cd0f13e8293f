/**
 * A run's ledger, `cost.jsonl`: what each process of the run spent, step by step.
 *
 * It is only ever appended to. Events are cut back when a run goes on from a checkpoint; the device-hours of the steps that
 * are made anew were spent all the same, and stay here, told apart as repeated.
 */
import { existsSync, statSync, truncateSync } from "node:fs";
import { readJsonLines } from "../run/json-lines.ts";
import { addWork, noWork, type PhaseWork } from "./phase-work.ts";

/** A process of the run begins, after `step` steps. */
export interface LedgerOpening {
  readonly type: "open";
  readonly time: number; // seconds since the epoch
  readonly step: number;
  readonly recipe: string;
  readonly stage: string;
  readonly device: string;
  readonly devices: number;
  /** US dollars a device-hour. */
  readonly price: number;
}

/** What passed since the line before: seconds by phase, and the work that was done. */
export interface LedgerEntry {
  readonly type: "spent";
  readonly time: number;
  readonly step: number;
  readonly seconds: Readonly<Record<string, number>>;
  readonly work: Readonly<Record<string, PhaseWork>>;
}

/** A process ended of its own accord; for stages that keep no events. */
export interface LedgerEnd {
  readonly type: "end";
  readonly reason: "finished" | "interrupted";
}

export type LedgerLine = LedgerOpening | LedgerEntry | LedgerEnd;

export interface PhaseCost extends PhaseWork {
  /** Of one device; the run's device-seconds are these times its devices. */
  readonly seconds: number;
}

/** What a run spent, all its processes together. */
export interface LedgerTotals {
  readonly opening: LedgerOpening;
  /** Processes that worked on it. */
  readonly processes: number;
  /** The last step that stands. */
  readonly step: number;
  readonly phases: ReadonlyMap<string, PhaseCost>;
  readonly deviceHours: number;
  readonly dollars: number;
  /** Device-hours of steps that a kill undid and a later process made again; part of `deviceHours`. */
  readonly repeatedDeviceHours: number;
}

/** The lines of a ledger in order; none where there is no such file. */
export function readLedger(path: string): LedgerLine[] {
  if (!existsSync(path)) return [];
  return [...readJsonLines(path)].flatMap(({ value }) => (isLedgerLine(value) ? [value] : []));
}

/** The lines of a ledger that is to be gone on with: what a kill left of a torn last line is cut off. */
export function recoverLedger(path: string): LedgerLine[] {
  if (!existsSync(path)) return [];
  let end = 0;
  for (const line of readJsonLines(path)) end = line.end;
  if (statSync(path).size > end) truncateSync(path, end);
  return readLedger(path);
}

/** Adds a ledger up; null for an empty one. Each line counts once, with the price and devices of its own process. */
export function ledgerTotals(lines: readonly LedgerLine[]): LedgerTotals | null {
  let opening: LedgerOpening | null = null;
  let processes = 0;
  let [deviceHours, dollars, repeatedDeviceHours, step] = [0, 0, 0, 0];
  let standing: { step: number; hours: number }[] = [];
  const phases = new Map<string, PhaseCost>();
  for (const line of lines) {
    if (line.type === "open") {
      opening = line;
      processes++;
      // What came after the checkpoint that this process goes on from has to be made again.
      const { step: from } = line;
      for (const undone of standing.filter((entry) => entry.step > from)) repeatedDeviceHours += undone.hours;
      standing = standing.filter((entry) => entry.step <= from);
      step = from;
      continue;
    }
    if (line.type === "end") continue;
    const { devices, price } = opening ?? { devices: 1, price: 0 };
    const seconds = Object.values(line.seconds).reduce((total, value) => total + value, 0);
    const hours = (seconds * devices) / 3600;
    deviceHours += hours;
    dollars += hours * price;
    step = line.step;
    standing.push({ step: line.step, hours });
    for (const name of new Set([...Object.keys(line.seconds), ...Object.keys(line.work)])) {
      const before = phases.get(name) ?? { ...noWork, seconds: 0 };
      const work = addWork(before, line.work[name] ?? noWork);
      phases.set(name, { ...work, seconds: before.seconds + (line.seconds[name] ?? 0) });
    }
  }
  if (opening === null) return null;
  return { opening, processes, step, phases, deviceHours, dollars, repeatedDeviceHours };
}

function isLedgerLine(value: unknown): value is LedgerLine {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  return value.type === "open" || value.type === "spent" || value.type === "end";
}
