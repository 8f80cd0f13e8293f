/** Applies the alarm of reward hacking to a run's held-out evaluations. */
import { hackingAlarm } from "../algorithms/hacking-alarm.ts";
import type { RolloutRecord } from "../run/run-records.ts";
import { mean } from "../training/mean.ts";
import { type ReinforcementRun, warn } from "./reinforcement-run.ts";

/** Notes an evaluation where the recipe has an alarm; warns, and marks the run where it is to stop. */
export function watchForHacking(run: ReinforcementRun, records: readonly RolloutRecord[]): void {
  const { alarm } = run.recipe;
  if (alarm === undefined) return;
  const [reward, accuracy] = [alarm.reward, alarm.rule].map((name) => {
    const values = records.flatMap(({ breakdown }) => breakdown[name]?.value ?? []);
    if (values.length === 0) {
      warn(run, `the alarm's "${name}" applied to none of the held-out questions: nothing is watched`);
    }
    return values.length === 0 ? null : mean(values);
  });
  if (reward === undefined || reward === null || accuracy === undefined || accuracy === null) return;
  run.watched = [...run.watched, { step: run.step, accuracy, reward }];
  const reason = hackingAlarm(run.watched, alarm);
  if (reason === null) return;
  warn(run, `reward hacking? ${reason}${alarm.stop ? "; the run stops here (alarm.stop)" : ""}`);
  run.alarmed ||= alarm.stop;
}
