/** The `torch` namespace: ATen's functions by name, `torch.matmul(a, b)`, found on first use. */

import { functionNames } from "./generated/method-names.ts";
import type { TorchFunctions } from "./generated/signatures.ts";
import { native } from "./native.ts";
import type { OperatorFunction } from "./operators.ts";
import { type Overloads, overloaded, snakeCase } from "./overloads.ts";

function bind(name: string): OperatorFunction {
  let call: Overloads | null = null;
  return (...values) => {
    call ??= overloaded(snakeCase(name));
    if (call === null) throw new TypeError(`LibTorch ${native.version()} has no aten::${snakeCase(name)}`);
    return call(values);
  };
}

/** All of ATen's functions with PyTorch's names in camelCase; keyword arguments go in a trailing object. */
export const torch: TorchFunctions = Object.freeze(
  Object.fromEntries(functionNames.map((name) => [name, bind(name)])),
) as unknown as TorchFunctions;
