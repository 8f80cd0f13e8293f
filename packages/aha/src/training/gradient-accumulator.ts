/** Sums gradients over micro-batches in float32, whatever the parameters' dtype. */
import { noGrad, scope, type Tensor, torch } from "@aha/torch";

/**
 * With one micro-batch the parameters' own gradients serve. From the second on, gradients of lower precision than float32
 * are added up in float32 buffers: in bfloat16 a small addend to a large sum is lost.
 */
export class GradientAccumulator {
  readonly #parameters: readonly Tensor[];
  readonly #single: boolean;
  #sums: Tensor[] | null = null;

  constructor(parameters: readonly Tensor[], microBatches: number) {
    this.#parameters = parameters;
    this.#single = microBatches === 1 || parameters.every((parameter) => parameter.dtype === "float32");
    for (const parameter of parameters) parameter.grad = null;
  }

  /** To be called after each micro-batch's backward. */
  collect(): void {
    if (this.#single) return;
    scope(() =>
      noGrad(() => {
        this.#sums ??= this.#parameters.map((parameter) =>
          torch.zeros(parameter.shape, { dtype: "float32", device: parameter.device }).keep(),
        );
        this.#parameters.forEach((parameter, index) => {
          const gradient = parameter.grad;
          if (gradient !== null) (this.#sums as Tensor[])[index]?.add_(gradient);
          parameter.grad = null;
        });
      }),
    );
  }

  /** The sums, one a parameter; null for parameters without any gradient. */
  gradients(): (Tensor | null)[] {
    return this.#sums ?? this.#parameters.map((parameter) => parameter.grad);
  }

  /** Drops gradients and buffers. */
  clear(): void {
    for (const parameter of this.#parameters) parameter.grad = null;
    for (const sum of this.#sums ?? []) sum.dispose();
    this.#sums = null;
  }
}
