/** Autograd: modes, gradients of chosen inputs, and functions whose backward is written in TypeScript. */
import { native } from "./native.ts";
import { scope } from "./scope.ts";
import { scopeClosed, scopeOpened, Tensor } from "./tensor.ts";
import { TorchError } from "./torch-error.ts";

function refusePromise(value: unknown, what: string): void {
  if (typeof value === "object" && value !== null && "then" in value) {
    // Its rejection is not left unhandled by the error thrown here instead.
    Promise.resolve(value).catch(() => {});
    throw new TorchError(`${what}() takes a synchronous function; a promise would run outside of its mode`);
  }
}

/** Runs `body` without recording a graph. */
export function noGrad<Result>(body: () => Result): Result {
  const before = native.setGradMode(false);
  try {
    const result = body();
    refusePromise(result, "noGrad");
    return result;
  } finally {
    native.setGradMode(before);
  }
}

/** Records a graph again inside noGrad. */
export function enableGrad<Result>(body: () => Result): Result {
  const before = native.setGradMode(true);
  try {
    const result = body();
    refusePromise(result, "enableGrad");
    return result;
  } finally {
    native.setGradMode(before);
  }
}

/** As noGrad, and cheaper: its tensors can never take part in autograd later. */
export function inferenceMode<Result>(body: () => Result): Result {
  native.enterInference();
  try {
    const result = body();
    refusePromise(result, "inferenceMode");
    return result;
  } finally {
    native.leaveInference();
  }
}

/** Options of `grad`. */
export interface GradOptions {
  /** d(loss)/d(output) for each output; may be left out for single elements. */
  readonly gradOutputs?: readonly (Tensor | null)[];
  readonly retainGraph?: boolean;
  readonly createGraph?: boolean;
  /** Gives null instead of an error for inputs that the outputs don't depend on. */
  readonly allowUnused?: boolean;
}

/** d(outputs)/d(inputs), without touching any `grad`. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options?: GradOptions & { readonly allowUnused?: false },
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions,
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const list = outputs instanceof Tensor ? [outputs] : outputs;
  const gradOutputs = options.gradOutputs ?? list.map(() => null);
  return native
    .grad(
      list.map((output) => output.handle),
      inputs.map((input) => input.handle),
      gradOutputs.map((gradient) => gradient?.handle ?? null),
      options.retainGraph ?? options.createGraph ?? false,
      options.createGraph ?? false,
      options.allowUnused ?? false,
    )
    .map((handle) => (handle === null ? null : new Tensor(handle)));
}

/** What a forward hands to its backward. */
export interface FunctionContext<Extra> {
  /** Tensors that backward needs; kept by the graph, freed with it. */
  save(...tensors: readonly Tensor[]): void;
  /** Anything else that backward needs; no tensors. */
  extra?: Extra;
}

/** An own differentiable function, for `defineFunction`. */
export interface FunctionDefinition<Extra> {
  /** Appears in error messages and as the outputs' `gradFunction`. */
  readonly name: string;
  /** Computes the outputs; no graph is recorded inside. */
  forward(context: FunctionContext<Extra>, ...inputs: readonly Tensor[]): Tensor | readonly Tensor[];
  /** One gradient (or null) an input, from the saved tensors and one gradient an output. */
  backward(
    saved: readonly Tensor[],
    gradients: readonly Tensor[],
    extra: Extra | undefined,
  ): Tensor | null | readonly (Tensor | null)[];
}

/**
 * Registers an own differentiable function, as `torch.autograd.Function` does. Returns a function of the inputs that
 * gives the outputs as an array. Backward runs on the calling thread inside a scope of its own.
 */
export function defineFunction<Extra = undefined>(
  definition: FunctionDefinition<Extra>,
): (...inputs: readonly Tensor[]) => Tensor[] {
  return (...inputs) =>
    scope(() => {
      let saved: readonly Tensor[] = [];
      const context: FunctionContext<Extra> = {
        save(...tensors) {
          saved = tensors;
        },
      };
      const outputs = noGrad(() => definition.forward(context, ...inputs));
      const list = outputs instanceof Tensor ? [outputs] : outputs;
      const backward = (savedHandles: (number | null)[], gradients: number[]): (number | null)[] => {
        // The caller has opened a native scope, which frees all of these.
        scopeOpened();
        try {
          const result = definition.backward(
            savedHandles.map((handle) => new Tensor(handle as number)),
            gradients.map((handle) => new Tensor(handle)),
            context.extra,
          );
          const each = result instanceof Tensor || result === null ? [result] : result;
          return each.map((gradient) => (gradient === null ? null : gradient.handle));
        } finally {
          scopeClosed();
        }
      };
      return native
        .recordFunction(
          definition.name,
          inputs.map((input) => input.handle),
          list.map((output) => output.handle),
          backward,
          saved.map((item) => item.handle),
        )
        .map((handle) => new Tensor(handle));
    });
}
