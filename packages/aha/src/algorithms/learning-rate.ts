/** Learning-rate schedules: linear warm-up, then constant, linear or cosine. */

export type ScheduleName = "constant" | "linear" | "cosine";

export interface Schedule {
  readonly peak: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly form: ScheduleName;
  /** Where linear and cosine end, as a fraction of the peak. */
  readonly finalFraction: number;
}

/** The learning rate of a step counted from 0; the first step of a warm-up of n has peak / n. */
export function learningRateAt(step: number, schedule: Schedule): number {
  const { peak, warmupSteps, totalSteps, form, finalFraction } = schedule;
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const shape = { constant: 1, linear: 1 - progress, cosine: (1 + Math.cos(Math.PI * progress)) / 2 }[form];
  return form === "constant" ? peak : peak * (finalFraction + (1 - finalFraction) * shape);
}
