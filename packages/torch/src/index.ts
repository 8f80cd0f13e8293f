/** LibTorch for Node.js: tensors, autograd, optimisers, memory scopes and devices. */
import "./methods.ts";

export { AdamW, type AdamWOptions } from "./adamw.ts";
export {
  defineFunction,
  enableGrad,
  type FunctionContext,
  type FunctionDefinition,
  type GradOptions,
  grad,
  inferenceMode,
  noGrad,
} from "./autograd.ts";
export { clipGradNorm, globalNorm } from "./clip-grad-norm.ts";
export { fromTypedArray, indices, mapFile, type TensorOptions, tensor } from "./construct.ts";
export { launchEnvironment, ProcessGroup, type ProcessGroupOptions, type Reduction } from "./distributed.ts";
export { torch } from "./functions.ts";
export { Generator, generator } from "./generator.ts";
export type { TypedArray } from "./native.ts";
export { operator, operatorNames } from "./operators.ts";
export { liveTensors, scope } from "./scope.ts";
export {
  buildInfo,
  cudaDevices,
  manualSeed,
  peakResidentMemory,
  setDeterministic,
  setThreads,
  synchronize,
  threads,
  version,
} from "./system.ts";
export { Tensor } from "./tensor.ts";
export type { BackwardOptions, ConversionOptions, Index } from "./tensor-extras.ts";
export { LibTorchMissingError, TorchError } from "./torch-error.ts";
export type { Device, Dtype, Integer, Layout, MemoryFormat, NestedNumbers, Scalar } from "./types.ts";
