/** Meters a run while it goes: every second of its process in one phase, tokens and operations beside it. */
import { JsonLineWriter } from "../run/json-lines.ts";
import type { CostSummary, Metrics } from "../run/run-records.ts";
import {
  type LedgerEnd,
  type LedgerEntry,
  type LedgerLine,
  type LedgerOpening,
  ledgerTotals,
  recoverLedger,
} from "./ledger.ts";
import { addWork, noWork, type PhaseWork } from "./phase-work.ts";

export interface MeterOptions extends Omit<LedgerOpening, "type" | "time"> {
  /** Where the ledger is kept. */
  readonly path: string;
  /** When this process began with the run; seconds on the clock of `now`. */
  readonly started: number;
  /** Seconds. */
  readonly now?: () => number;
}

/** Work that is no part of a step, and so of no step's metrics: a resumed run does not do it in the same step again. */
const besideSteps = new Set(["evaluation"]);

const round = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

export class RunMeter {
  readonly #writer: JsonLineWriter;
  readonly #now: () => number;
  readonly #lines: LedgerLine[];
  readonly #rate: { readonly devices: number; readonly price: number };
  #deviceHours: number;
  #dollars: number;
  #mark: number;
  #settled = false;
  #work = new Map<string, PhaseWork>();

  constructor({ path, started, now = () => performance.now() / 1000, ...opening }: MeterOptions) {
    this.#now = now;
    this.#mark = started;
    this.#rate = opening;
    this.#lines = recoverLedger(path);
    this.#writer = new JsonLineWriter(path, "append");
    this.#append({ type: "open", time: Date.now() / 1000, ...opening });
    const before = ledgerTotals(this.#lines);
    this.#deviceHours = before?.deviceHours ?? 0;
    this.#dollars = before?.dollars ?? 0;
  }

  /** Notes work done since the last `settle`. */
  count(phase: string, work: PhaseWork): void {
    this.#work.set(phase, addWork(this.#work.get(phase) ?? noWork, work));
  }

  /**
   * Writes down what passed since the last call: the phases' seconds (`time/<phase>`, of `Phases.takeMetrics`) and the rest of
   * the clock's, as `setup` the first time and as `other` from then on.
   *
   * @returns `cost/*`: device-hours and dollars of the run so far, tokens and operations of this step
   */
  settle(step: number, times: Metrics): Metrics {
    const now = this.#now();
    const passed = now - this.#mark;
    this.#mark = now;
    const seconds = Object.fromEntries(
      Object.entries(times).map(([name, value]) => [name.replace(/^time\//, ""), round(value)]),
    );
    const known = Object.values(seconds).reduce((sum, value) => sum + value, 0);
    const rest = round(Math.max(0, passed - known));
    if (rest > 0) seconds[this.#settled ? "other" : "setup"] = rest;
    this.#settled = true;
    const entry: LedgerEntry = {
      ...{ type: "spent", time: Math.round(Date.now()) / 1000, step, seconds },
      work: Object.fromEntries(this.#work),
    };
    this.#append(entry);
    const { devices, price } = this.#rate;
    const hours = ((known + rest) * devices) / 3600;
    this.#deviceHours += hours;
    this.#dollars += hours * price;
    let ofStep = noWork;
    for (const [phase, work] of this.#work) if (!besideSteps.has(phase)) ofStep = addWork(ofStep, work);
    this.#work = new Map();
    return {
      "cost/device_hours": this.#deviceHours,
      "cost/dollars": this.#dollars,
      "cost/flops": ofStep.flops,
      "cost/prompt_tokens": ofStep.promptTokens,
      "cost/sampled_tokens": ofStep.sampledTokens,
      "cost/trained_tokens": ofStep.trainedTokens,
    };
  }

  /** Of the run so far, all its processes together. */
  summary(): CostSummary {
    return costSummary(this.#lines);
  }

  /** Says how the run ended; only stages that keep no events need to. */
  end(reason: LedgerEnd["reason"]): void {
    this.#append({ type: "end", reason });
  }

  close(): void {
    this.#writer.close();
  }

  #append(line: LedgerLine): void {
    this.#writer.append(line);
    this.#lines.push(line);
  }
}

/** A ledger's totals as `summary.json` has them. */
export function costSummary(lines: readonly LedgerLine[]): CostSummary {
  const totals = ledgerTotals(lines);
  const phases = [...(totals?.phases ?? [])];
  const work = phases.reduce((sum, [, phase]) => addWork(sum, phase), noWork);
  const devices = totals?.opening.devices ?? 1;
  return {
    device_hours: totals?.deviceHours ?? 0,
    dollars: totals?.dollars ?? 0,
    repeated_device_hours: totals?.repeatedDeviceHours ?? 0,
    prompt_tokens: work.promptTokens,
    sampled_tokens: work.sampledTokens,
    trained_tokens: work.trainedTokens,
    flops: work.flops,
    phases: Object.fromEntries(
      phases.map(([name, { seconds, flops }]) => [name, { device_hours: (seconds * devices) / 3600, flops }]),
    ),
  };
}
