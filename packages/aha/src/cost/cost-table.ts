/** The paper's table of training costs (DeepSeek-R1, table 7), for runs of one's own. */
import { addWork, noWork, type PhaseWork } from "./phase-work.ts";
import { phasesOf, type RunCost } from "./run-cost.ts";
import { dollarsText, hoursText, scaled, type TextTable } from "./text-table.ts";

const workOf = ({ phases }: RunCost): PhaseWork => [...phases.values()].reduce<PhaseWork>(addWork, noWork);

/** What an earlier version's run did not write down is not nothing. */
function known(runs: readonly RunCost[], of: (work: PhaseWork) => number): string {
  const sum = runs.reduce((total, run) => total + of(workOf(run)), 0);
  const whole = runs.every((run) => run.metered || of(workOf(run)) > 0);
  return whole ? scaled(sum) : sum > 0 ? `> ${scaled(sum)}` : "?";
}

/** A row a run, and their sum. */
export function costTable(runs: readonly RunCost[]): TextTable {
  const total = (of: (run: RunCost) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
  return {
    head: ["stage", "status", "steps", "devices", "device hours", "sampled", "trained", "FLOPs", "dollars"],
    rows: runs.map((run) => [
      run.name === run.stage ? run.name : `${run.name} (${run.stage})`,
      run.status,
      String(run.steps),
      `${run.devices} ${run.device}`,
      hoursText(run.deviceHours),
      known([run], (work) => work.sampledTokens),
      known([run], (work) => work.trainedTokens),
      known([run], (work) => work.flops),
      dollarsText(run.dollars),
    ]),
    foot: [
      "total",
      "",
      "",
      "",
      hoursText(total((run) => run.deviceHours)),
      known(runs, (work) => work.sampledTokens),
      known(runs, (work) => work.trainedTokens),
      known(runs, (work) => work.flops),
      dollarsText(total((run) => run.dollars)),
    ],
  };
}

/** Where the device-hours went, and at what rate of operations. */
export function phaseTable(runs: readonly RunCost[]): TextTable {
  const phases = phasesOf(runs);
  const all = phases.reduce((sum, [, { deviceHours }]) => sum + deviceHours, 0);
  return {
    head: ["phase", "device hours", "share", "FLOPs", "FLOP/s a device"],
    rows: phases.map(([name, { deviceHours, flops }]) => [
      name,
      hoursText(deviceHours),
      `${((100 * deviceHours) / Math.max(1e-12, all)).toFixed(1)} %`,
      flops === 0 ? "–" : scaled(flops),
      flops === 0 || deviceHours === 0 ? "–" : scaled(flops / (deviceHours * 3600)),
    ]),
  };
}

/** What the table alone would not tell. */
export function costNotes(runs: readonly RunCost[]): string[] {
  const notes: string[] = [];
  for (const run of runs) {
    if (!run.metered)
      notes.push(`${run.name}: no ledger (an earlier version's run): hours from its events alone.`);
    if (run.processes > 1) {
      const again = run.repeatedDeviceHours;
      const repeated =
        again > 0 ? `, ${hoursText(again)} of its hours for steps that had to be made again` : "";
      notes.push(`${run.name}: ${run.processes} processes (interrupted and resumed)${repeated}.`);
    }
  }
  return notes;
}

/** Everything for a program: names as in `summary.json`. */
export function costJson(runs: readonly RunCost[]) {
  const rows = runs.map((run) => {
    const { promptTokens, sampledTokens, trainedTokens, flops } = workOf(run);
    return {
      ...{ run: run.directory, name: run.name, stage: run.stage, status: run.status, steps: run.steps },
      ...{ device: run.device, devices: run.devices, processes: run.processes, metered: run.metered },
      device_hours: run.deviceHours,
      repeated_device_hours: run.repeatedDeviceHours,
      dollars: run.dollars,
      prompt_tokens: promptTokens,
      sampled_tokens: sampledTokens,
      trained_tokens: trainedTokens,
      flops,
      phases: Object.fromEntries(
        phasesOf([run]).map(([name, phase]) => [
          name,
          { device_hours: phase.deviceHours, flops: phase.flops },
        ]),
      ),
    };
  });
  const sum = (of: (run: RunCost) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const total = { device_hours: sum((run) => run.deviceHours), dollars: sum((run) => run.dollars) };
  return { runs: rows, total };
}
