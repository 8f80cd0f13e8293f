/** AdamW with decoupled weight decay and float32 master weights for parameters of lower precision. */
import { noGrad } from "./autograd.ts";
import { operator } from "./operators.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import { TorchError } from "./torch-error.ts";

/** The settings, with PyTorch's defaults. */
export interface AdamWOptions {
  readonly learningRate: number;
  /** Decay of the two moments; 0.9 and 0.999. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8. */
  readonly epsilon?: number;
  /** Decoupled: multiplies the parameter by 1 − learningRate · weightDecay; 0.01. */
  readonly weightDecay?: number;
}

/** What one step may do differently. */
export interface AdamWStep {
  /** Overrides the learning rate for this step: schedules live with the caller. */
  readonly learningRate?: number;
  /** Multiplies every gradient first; gradient clipping without a pass of its own. */
  readonly gradientScale?: number;
  /** Gradients to use in place of the parameters' own, in their order: sums in another dtype, for one. */
  readonly gradients?: readonly (Tensor | null)[];
}

const fusedStep = operator("aha::adamw_");

interface Slot {
  readonly parameter: Tensor;
  readonly master: Tensor | null; // float32 copy, null where the parameter is float32 or float64 itself
  readonly first: Tensor; // shape of the parameter; float32, or float64 where the parameter is
  readonly second: Tensor;
}

/**
 * Loshchilov & Hutter 2019, with PyTorch's bias correction: θ ← θ − lr·λ·θ − lr·m̂/(√v̂ + ε). Moments and masters are
 * float32, for parameters of float64 they are float64. Parameters without a gradient are left alone.
 */
export class AdamW {
  readonly #slots: readonly Slot[];
  readonly #options: Required<AdamWOptions>;
  #step = 0;

  constructor(parameters: readonly Tensor[], options: AdamWOptions) {
    this.#options = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.01, ...options };
    this.#slots = scope(() =>
      noGrad(() =>
        parameters.map((parameter) => {
          const dtype = parameter.dtype === "float64" ? "float64" : "float32";
          const zeros = (): Tensor => parameter.detach().to({ dtype, copy: true }).zero_().keep();
          const master = parameter.dtype === dtype ? null : parameter.detach().to(dtype).keep();
          return { parameter, master, first: zeros(), second: zeros() };
        }),
      ),
    );
  }

  /** Updates made so far. */
  get steps(): number {
    return this.#step;
  }

  /** One update from the parameters' gradients. */
  step({ learningRate = this.#options.learningRate, gradientScale = 1, gradients }: AdamWStep = {}): void {
    this.#step++;
    const { betas, epsilon, weightDecay } = this.#options;
    scope(() =>
      noGrad(() => {
        // Two calls at most: the kernel takes parameters that are their own masters and others apart.
        for (const withMaster of [false, true]) {
          const used: { slot: Slot; gradient: Tensor }[] = [];
          this.#slots.forEach((slot, index) => {
            if ((slot.master !== null) !== withMaster) return;
            const gradient = gradients === undefined ? slot.parameter.grad : (gradients[index] ?? null);
            if (gradient !== null) used.push({ slot, gradient });
          });
          if (used.length === 0) continue;
          fusedStep(
            used.map(({ slot }) => slot.parameter),
            withMaster ? used.map(({ slot }) => slot.master as Tensor) : [],
            used.map(({ gradient }) => gradient),
            used.map(({ slot }) => slot.first),
            used.map(({ slot }) => slot.second),
            this.#step,
            learningRate,
            betas[0],
            betas[1],
            epsilon,
            weightDecay,
            gradientScale,
          );
        }
      }),
    );
  }

  /** Forgets the parameters' gradients. */
  zeroGrad(): void {
    for (const { parameter } of this.#slots) parameter.grad = null;
  }

  /** The state by name (`first.0`, `second.0`, `master.0`, …), as the live tensors: what a checkpoint stores. */
  stateTensors(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    this.#slots.forEach(({ master, first, second }, index) => {
      state.set(`first.${index}`, first);
      state.set(`second.${index}`, second);
      if (master !== null) state.set(`master.${index}`, master);
    });
    return state;
  }

  /** Takes a stored state back. Throws TorchError where a tensor is missing or has another shape. */
  loadState(steps: number, stored: ReadonlyMap<string, Tensor>): void {
    noGrad(() => {
      for (const [name, target] of this.stateTensors()) {
        const source = stored.get(name);
        if (source === undefined)
          throw new TorchError(`AdamW.loadState: ${name} is missing from the stored state`);
        if (source.shape.join() !== target.shape.join()) {
          throw new TorchError(
            `AdamW.loadState: ${name} should be ${target.describe()}, is ${source.describe()}`,
          );
        }
        target.copy_(source);
      }
    });
    this.#step = steps;
  }

  /** Releases the state. */
  dispose(): void {
    for (const tensor of this.stateTensors().values()) tensor.dispose();
  }
}
