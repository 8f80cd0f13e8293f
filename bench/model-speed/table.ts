/** The model-speed benchmark's results as one Markdown table, with the shares of what the machine can do. */
import type { ModelSpeed, ModelSpeedSettings } from "./measurement.ts";

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const whole = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : value >= 100 ? value.toFixed(0) : value.toFixed(1);

/** One column a side, one row a measurement; the last columns set ours against the machine. */
export function modelSpeedTable(results: readonly ModelSpeed[], settings: ModelSpeedSettings): string {
  const machine = results.find((one) => one.gemmGigaflops !== undefined);
  const names = results.map(({ implementation }) => implementation);
  const lines = [
    `| tokens/s, ${settings.dtype} | ${names.join(" | ")} | share of the machine |`,
    `|---|${names.map(() => "---:|").join("")}---|`,
  ];
  for (const batch of settings.batches) {
    const rates = results.map((one) => whole(one.decodingTokensPerSecond[batch]));
    const ours = machine?.decodingTokensPerSecond[batch];
    lines.push(
      `| decoding, batch ${batch} | ${rates.join(" | ")} | ${decodingShare(machine, ours, batch, settings)} |`,
    );
  }
  const { sequences, length } = settings.training;
  const training = results.map((one) => whole(one.trainingTokensPerSecond));
  const rate = machine?.trainingTokensPerSecond ?? null;
  const share =
    machine?.gemmGigaflops === undefined || rate === null
      ? ""
      : `${percent((6 * machine.parameters * rate) / (machine.gemmGigaflops * 1e9))} of the GEMM rate`;
  lines.push(`| training, ${sequences} × ${length} | ${training.join(" | ")} | ${share} |`);
  const memory = results.map(({ peakBytes }) => (peakBytes / 1e9).toFixed(2));
  lines.push(`| peak memory, GB | ${memory.join(" | ")} | |`);
  return lines.join("\n");
}

/** Batch 1 reads all weights for a token; large batches are products. Attention, which is little here, is left out. */
function decodingShare(
  machine: ModelSpeed | undefined,
  rate: number | undefined,
  batch: number,
  { dtype }: ModelSpeedSettings,
): string {
  const { bandwidthBytesPerSecond: bandwidth, gemmGigaflops: gemm, parameters = 0 } = machine ?? {};
  if (bandwidth === undefined || gemm === undefined || rate === undefined) return "";
  const bytes = parameters * (dtype === "float32" ? 4 : 2);
  const byBandwidth = percent((rate / batch) * (bytes / bandwidth));
  return batch < 32
    ? `${byBandwidth} of the bandwidth`
    : `${percent((2 * parameters * rate) / (gemm * 1e9))} of the GEMM rate`;
}
