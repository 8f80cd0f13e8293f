/** What the benchmark's programs print, each as the last line of its output, and how that line is read. */

/** What a GRPO measurement was asked for; the same for both sides of a comparison. */
export interface GrpoSettings {
  readonly shape: string;
  readonly questions: number;
  readonly group: number;
  /** Tokens of each prompt. */
  readonly promptTokens: number;
  /** Tokens of each completion; none ends early. */
  readonly newTokens: number;
  readonly dtype: "float32" | "bfloat16";
  /** Timed steps, after one that is not. */
  readonly steps: number;
  readonly beta: number;
}

export interface GrpoMeasurement {
  readonly implementation: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: GrpoSettings;
  readonly threads: number;
  readonly parameters: number;
  readonly stepSeconds: readonly number[];
  /** Median over the steps, as are the two that follow. */
  readonly secondsPerStep: number;
  readonly generationSeconds: number;
  /** All of a step that is not generation: rewards, reference, forward, backward, update. */
  readonly trainingSeconds: number;
  /** New tokens a second while generating. */
  readonly rolloutTokensPerSecond: number;
  /** Prompt and new tokens a second in the rest of the step. */
  readonly trainingTokensPerSecond: number;
  /** Peak resident memory of the process (Linux's VmHWM). */
  readonly peakBytes: number;
}

export interface OperatorMeasurement {
  readonly implementation: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
  /** Microseconds a call. */
  readonly smallOpMicroseconds: Readonly<Record<string, number>>;
  /** GFLOP/s. */
  readonly gemmGigaflops: Readonly<Record<string, number>>;
}

/** Thrown when a benchmark program printed something other than its measurement. */
export class MeasurementError extends Error {
  constructor(program: string, reason: string, output: string) {
    const end = output.trim().split("\n").slice(-15).join("\n");
    super(`${program} did not end with its measurement (${reason}). The end of what it printed:\n${end}`);
    this.name = "MeasurementError";
  }
}

/**
 * Reads the JSON object on the last line of a program's output.
 * @throws {MeasurementError} when it is not there or lacks a number that is asked for
 */
export function readMeasurement<Kind extends GrpoMeasurement | OperatorMeasurement>(
  program: string,
  output: string,
  required: readonly (keyof Kind & string)[],
): Kind {
  const last = output.trim().split("\n").at(-1) ?? "";
  let value: unknown;
  try {
    value = JSON.parse(last);
  } catch {
    throw new MeasurementError(program, "the last line is not JSON", output);
  }
  if (typeof value !== "object" || value === null) {
    throw new MeasurementError(program, "the last line is no object", output);
  }
  const missing = required.filter((field) => !(field in value));
  if (missing.length > 0) throw new MeasurementError(program, `no ${missing.join(", ")}`, output);
  return value as Kind;
}
