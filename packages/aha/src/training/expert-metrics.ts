/** How evenly experts were loaded, as metrics: each layer's busiest expert, the worst of them, and the mean evenness. */
import type { ExpertLoad } from "../models/deepseek/expert-balance.ts";
import { mean } from "./mean.ts";

/**
 * Of updates, each with one load for every layer with experts (the prediction module's last): extremes and means over the
 * updates. Empty for models without experts.
 */
export function expertMetrics(updates: readonly (readonly ExpertLoad[])[]): Record<string, number> {
  const all = updates.flat();
  if (all.length === 0) return {};
  const layers = Math.max(...updates.map((loads) => loads.length));
  const busiest = Array.from({ length: layers }, (_, layer) =>
    Math.max(...updates.map((loads) => loads[layer]?.maximumOverMean ?? 1)),
  );
  return {
    "experts/max_over_mean": Math.max(...busiest),
    "experts/evenness": mean(all.map(({ evenness }) => evenness)),
    ...Object.fromEntries(busiest.map((value, layer) => [`experts/max_over_mean/${layer}`, value])),
  };
}
