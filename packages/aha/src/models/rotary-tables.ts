/** Rotary position embeddings (Su et al. 2021) as tables, with the scalings that long-context checkpoints use. */
import { type Device, fromTypedArray, type Tensor } from "@aha/torch";
import type { ModelConfig } from "../folder/model-config.ts";
import type { Llama3Scaling, YarnScaling } from "../folder/rope-scaling.ts";

/** cos and sin of position × frequency, float32 [positions, d/2]. */
export interface RotaryTables {
  readonly cosines: Tensor;
  readonly sines: Tensor;
}

type RotarySettings = Pick<ModelConfig, "headDimension" | "ropeTheta" | "ropeScaling">;

/** The d/2 frequencies in float32, as transformers computes them, and the factor on cosines and sines. */
export interface RotaryFrequencies {
  readonly frequencies: Float32Array;
  readonly attentionFactor: number;
}

export function rotaryFrequencies(settings: RotarySettings): RotaryFrequencies {
  const { headDimension, ropeTheta, ropeScaling } = settings;
  const plain = Float32Array.from({ length: headDimension / 2 }, (_, index) =>
    Math.fround(1 / Math.fround(ropeTheta ** ((2 * index) / headDimension))),
  );
  switch (ropeScaling?.type) {
    case undefined:
      return { frequencies: plain, attentionFactor: 1 };
    case "linear":
      return {
        frequencies: plain.map((frequency) => frequency / ropeScaling.factor),
        attentionFactor: 1,
      };
    case "llama3":
      return {
        frequencies: plain.map((frequency) => llama3Frequency(frequency, ropeScaling)),
        attentionFactor: 1,
      };
    case "yarn":
      return {
        frequencies: yarnFrequencies(plain, ropeScaling, settings),
        attentionFactor: yarnAttentionFactor(ropeScaling),
      };
  }
}

function llama3Frequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalPositions } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < originalPositions / highFrequencyFactor) return frequency;
  if (wavelength > originalPositions / lowFrequencyFactor) return frequency / factor;
  const smooth =
    (originalPositions / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** (YaRN, §3.2: below the ramp dimensions turn often and stay as they are, above it they are interpolated.) */
function yarnFrequencies(plain: Float32Array, scaling: YarnScaling, settings: RotarySettings): Float32Array {
  const { headDimension, ropeTheta } = settings;
  const dimensionOf = (rotations: number): number =>
    (headDimension * Math.log(scaling.originalPositions / (rotations * 2 * Math.PI))) /
    (2 * Math.log(ropeTheta));
  const [floor, ceil] = scaling.truncate ? [Math.floor, Math.ceil] : [Number, Number];
  const low = Math.max(floor(dimensionOf(scaling.betaFast)), 0);
  let high = Math.min(ceil(dimensionOf(scaling.betaSlow)), headDimension - 1);
  if (high === low) high += 0.001; // a ramp of no width would divide by zero
  return plain.map((frequency, index) => {
    const ramp = Math.min(1, Math.max(0, (index - low) / (high - low)));
    return (frequency / scaling.factor) * ramp + frequency * (1 - ramp);
  });
}

/** (YaRN, eq. 22: 0.1 ln s + 1, in DeepSeek's form as a quotient of two of them.) */
function yarnAttentionFactor(scaling: YarnScaling): number {
  const { factor, attentionFactor, mscale, mscaleAllDimensions } = scaling;
  if (attentionFactor !== null) return attentionFactor;
  if (mscale && mscaleAllDimensions) {
    return yarnMagnitude(factor, mscale) / yarnMagnitude(factor, mscaleAllDimensions);
  }
  return yarnMagnitude(factor, 1);
}

/** 0.1 · mscale · ln(factor) + 1; 1 where nothing is stretched. */
export function yarnMagnitude(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}

/** The tables, angles rounded to float32 as transformers' are. Kept until disposed. */
export function rotaryTables(
  settings: RotarySettings,
  positions: number,
  device: Device = "cpu",
): RotaryTables {
  const { frequencies, attentionFactor } = rotaryFrequencies(settings);
  const half = frequencies.length;
  const cosines = new Float32Array(positions * half);
  const sines = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let index = 0; index < half; index++) {
      const angle = Math.fround(position * (frequencies[index] as number));
      cosines[position * half + index] = Math.cos(angle) * attentionFactor;
      sines[position * half + index] = Math.sin(angle) * attentionFactor;
    }
  }
  const shape = [positions, half];
  return {
    cosines: fromTypedArray(cosines, { shape, device }).keep(),
    sines: fromTypedArray(sines, { shape, device }).keep(),
  };
}
