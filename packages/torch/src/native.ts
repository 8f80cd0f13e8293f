/** Loads the compiled addon and describes, once, what it exports. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { LibTorchMissingError } from "./torch-error.ts";

/** A generator as the addon knows it. */
export interface NativeGenerator {
  readonly __generator: unique symbol;
}
/** A process group as the addon knows it. */
export interface NativeProcessGroup {
  readonly __processGroup: unique symbol;
}

export type TypedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** One argument or result of an operator, as its schema says. */
export interface SchemaSlot {
  readonly name: string;
  readonly type: string;
  readonly kind: number;
  readonly optional: boolean;
  readonly list: boolean;
  readonly elementOptional: boolean;
  readonly size: number;
  readonly keywordOnly: boolean;
  readonly hasDefault: boolean;
  readonly written: boolean;
}
export interface OperatorSchema {
  readonly name: string;
  readonly arguments: readonly SchemaSlot[];
  readonly results: readonly SchemaSlot[];
}

/** Argument kinds, numbered as in native/arguments.h. */
export const Kind = {
  tensor: 0,
  scalar: 1,
  int: 2,
  float: 3,
  bool: 4,
  complex: 5,
  string: 6,
  dtype: 7,
  layout: 8,
  device: 9,
  memoryFormat: 10,
  generator: 11,
  unsupported: 12,
} as const;

type Handle = number;

export interface Native {
  lookUp(name: string, overload: string): number;
  schema(operator: number): OperatorSchema;
  operatorNames(prefix: string): string[];
  /** The operator as a function of handles and plain values, in the schema's order. */
  bind(operator: number): (...values: unknown[]) => unknown;

  shape(tensor: Handle): number[];
  strides(tensor: Handle): number[];
  dtype(tensor: Handle): number;
  device(tensor: Handle): string;
  elementCount(tensor: Handle): number;
  alive(tensor: Handle): boolean;
  release(tensor: Handle): void;
  keep(tensor: Handle): void;
  liveTensors(): number;
  beginScope(): number;
  endScope(marker: number, kept?: Handle | readonly Handle[]): void;
  item(tensor: Handle): number | boolean;
  fromTypedArray(array: TypedArray, shape: readonly number[], dtype: string, share: boolean): Handle;
  copyBytes(tensor: Handle, target: TypedArray): void;
  shareBytes(tensor: Handle): ArrayBuffer;
  toNumbers(tensor: Handle): Float64Array;
  describe(tensor: Handle): string;
  isContiguous(tensor: Handle): boolean;
  sameStorage(left: Handle, right: Handle): boolean;
  setData(target: Handle, source: Handle): void;
  dtypeName(code: number): string;
  dtypeCode(name: string): number;
  elementSize(name: string): number;

  recordFunction(
    label: string,
    inputs: readonly (Handle | null)[],
    outputs: readonly Handle[],
    backward: (saved: (Handle | null)[], gradients: Handle[]) => (Handle | null)[],
    saved: readonly (Handle | null)[],
  ): Handle[];
  backward(
    tensors: readonly Handle[],
    gradients: readonly (Handle | null)[],
    retainGraph: boolean,
    createGraph: boolean,
    inputs: readonly Handle[] | null,
  ): void;
  grad(
    outputs: readonly Handle[],
    inputs: readonly Handle[],
    gradients: readonly (Handle | null)[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): (Handle | null)[];
  requiresGrad(tensor: Handle): boolean;
  setRequiresGrad(tensor: Handle, value: boolean): void;
  isLeaf(tensor: Handle): boolean;
  gradOf(tensor: Handle): Handle | null;
  setGrad(tensor: Handle, gradient: Handle | null): void;
  gradFunction(tensor: Handle): string | null;
  setGradMode(enabled: boolean): boolean;
  enterInference(): void;
  leaveInference(): void;

  version(): string;
  buildInfo(): string;
  threads(): number;
  setThreads(count: number): void;
  cudaDevices(): number;
  setDeterministic(enabled: boolean): void;
  synchronize(): void;
  generator(device: string, seed: number | bigint): NativeGenerator;
  seedGenerator(generator: NativeGenerator, seed: number | bigint): void;
  generatorState(generator: NativeGenerator): Handle;
  setGeneratorState(generator: NativeGenerator, state: Handle): void;
  manualSeed(seed: number | bigint): void;
  setErrorClass(errorClass: abstract new (...values: never[]) => Error): void;

  processGroup(
    kind: string,
    host: string,
    port: number,
    rank: number,
    worldSize: number,
    timeoutMilliseconds: number,
  ): NativeProcessGroup;
  destroyProcessGroup(group: NativeProcessGroup): void;
  allReduce(group: NativeProcessGroup, tensors: readonly Handle[], reduction: string): void;
  broadcast(group: NativeProcessGroup, tensors: readonly Handle[], root: number): void;
  allGather(group: NativeProcessGroup, outputs: readonly Handle[], input: Handle): void;
  barrier(group: NativeProcessGroup): void;
  groupRank(group: NativeProcessGroup): number;
  groupSize(group: NativeProcessGroup): number;
}

function addonPath(): string {
  const record = fileURLToPath(new URL("../build/current.json", import.meta.url));
  if (!existsSync(record)) throw new LibTorchMissingError("the native addon has not been built yet");
  const { addon } = JSON.parse(readFileSync(record, "utf8")) as { addon: string };
  if (!existsSync(addon)) throw new LibTorchMissingError(`the native addon is gone from ${addon}`);
  return addon;
}

function load(): Native {
  const path = addonPath();
  try {
    return createRequire(import.meta.url)(path) as Native;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LibTorchMissingError(`the native addon at ${path} does not load: ${reason}`, { cause });
  }
}

export const native: Native = load();
