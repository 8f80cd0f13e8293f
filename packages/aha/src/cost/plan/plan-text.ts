/** A plan as text: time by phase, memory, layout, and everything it assumes. */
import { formatBytes } from "../../run/storage-error.ts";
import { dollarsText, hoursText, scaled, type TextTable } from "../text-table.ts";
import { type AssumptionName, type Assumptions, assumptionNames, assumptionTable } from "./assumptions.ts";
import type { RecipePlan } from "./recipe-plan.ts";

/** What a change of one assumption does to the hours. */
export interface Sensitivity {
  readonly name: AssumptionName;
  readonly value: number;
  readonly other: number;
  readonly hours: number;
}

const seconds = (value: number): string =>
  value === 0 ? "–" : value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** A row a recipe, and the sum. */
export function planTable(plans: readonly RecipePlan[], devices: number, price: number): TextTable {
  const hours = plans.reduce((sum, plan) => sum + plan.hours, 0);
  return {
    head: ["recipe", "steps", "s a step", "first", "last", "hours", "device hours", "dollars", "FLOPs"],
    rows: plans.map((plan) => [
      `${plan.name} (${plan.stage})`,
      String(plan.steps),
      seconds(plan.stepSeconds.mean),
      seconds(plan.stepSeconds.first),
      seconds(plan.stepSeconds.last),
      hoursText(plan.hours),
      hoursText(plan.hours * devices),
      dollarsText(plan.hours * devices * price),
      scaled(plan.flops),
    ]),
    foot: [
      "total",
      "",
      "",
      "",
      "",
      hoursText(hours),
      hoursText(hours * devices),
      dollarsText(hours * devices * price),
      scaled(plans.reduce((sum, plan) => sum + plan.flops, 0)),
    ],
  };
}

/** Seconds of a mean step by phase. */
export function phaseTable(plan: RecipePlan): TextTable {
  const total = Object.values(plan.phases).reduce((sum, value) => sum + value, 0);
  return {
    head: [`${plan.name}: phase`, "s a step", "share", "hours"],
    rows: Object.entries(plan.phases).flatMap(([name, value]) =>
      value === 0
        ? []
        : [[name, seconds(value), percent(value / total), hoursText((value * plan.steps) / 3600)]],
    ),
  };
}

/** Memory of the fullest device while it samples and while it trains. */
export function memoryTable({ memory, memoryLimit }: RecipePlan): TextTable {
  const rows = Object.entries(memory).flatMap(([module, use]) => {
    const parts = Object.entries(use);
    if (parts.length === 0) return [];
    const sum = parts.reduce((total, [, bytes]) => total + bytes, 0);
    const words = parts.map(([name, bytes]) => `${name} ${formatBytes(bytes)}`).join(", ");
    return [[module, formatBytes(sum), memoryLimit === null ? "?" : percent(sum / memoryLimit), words]];
  });
  const limit = memoryLimit === null ? "share" : `of ${formatBytes(memoryLimit)}`;
  return { head: ["memory a device", "peak", limit, "made up of"], rows };
}

/** A line each: the value and why. */
export function assumptionLines(assumptions: Assumptions): string[] {
  return assumptionNames.map((name) => {
    const { unit, reason } = assumptionTable[name];
    return `- ${name} ${assumptions[name]} ${unit}: ${reason}`;
  });
}

/** The assumptions that matter, the weightiest first. */
export function sensitivityTable(hours: number, changes: readonly Sensitivity[]): TextTable {
  const sorted = [...changes].sort((a, b) => Math.abs(b.hours - hours) - Math.abs(a.hours - hours));
  return {
    head: ["were it otherwise", "hours", "change"],
    rows: sorted
      .filter((change) => Math.abs(change.hours / hours - 1) >= 0.005)
      .map((change) => [
        `${change.name} ${change.other} instead of ${change.value}`,
        hoursText(change.hours),
        `${change.hours > hours ? "+" : "−"}${Math.abs(100 * (change.hours / hours - 1)).toFixed(0)} %`,
      ]),
  };
}
