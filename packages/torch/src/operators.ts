/** The one door to LibTorch: operators by their dispatcher name, arguments converted by the operator's own schema. */
import type { AhaOperators, AtenOperators } from "./generated/signatures.ts";
import { Generator } from "./generator.ts";
import { Kind, native, type OperatorSchema } from "./native.ts";
import { Tensor } from "./tensor.ts";
import { TorchError } from "./torch-error.ts";

export type OperatorFunction = (...values: unknown[]) => unknown;

function unwrap(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Tensor) return value.handle;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      if (typeof value[index] === "object") return value.map(unwrap);
    return value;
  }
  if (value instanceof Generator) return value.native;
  return value;
}

function wrapList(handles: unknown): (Tensor | null)[] {
  return (handles as (number | null)[]).map((handle) => (handle === null ? null : new Tensor(handle)));
}

type Wrap = (value: unknown) => unknown;
const identity: Wrap = (value) => value;

function wrapperFor(results: OperatorSchema["results"]): Wrap {
  const one = (slot: OperatorSchema["results"][number]): Wrap => {
    if (slot.kind !== Kind.tensor) return identity;
    if (slot.list) return wrapList;
    return (value) => (value === null ? null : new Tensor(value as number));
  };
  if (results.length === 0) return identity;
  const wraps = results.map(one);
  if (wraps.length === 1) return wraps[0] as Wrap;
  return (value) => (value as unknown[]).map((item, index) => (wraps[index] as Wrap)(item));
}

/**
 * Parameters spelled out, because an array of them costs as much as the native call does. A left-out argument is the
 * same as undefined: both take the schema's default.
 */
function functionOf(call: OperatorFunction, wrap: Wrap): OperatorFunction {
  return (a, b, c, d, ...more) => {
    if (more.length > 0) return wrap(call(unwrap(a), unwrap(b), unwrap(c), unwrap(d), ...more.map(unwrap)));
    if (d !== undefined) return wrap(call(unwrap(a), unwrap(b), unwrap(c), unwrap(d)));
    if (c !== undefined) return wrap(call(unwrap(a), unwrap(b), unwrap(c)));
    if (b !== undefined) return wrap(call(unwrap(a), unwrap(b)));
    return wrap(a === undefined ? call() : call(unwrap(a)));
  };
}

const bound = new Map<string, OperatorFunction>();

/** The operator as a function of positional arguments in the schema's order; null where LibTorch has none such. */
export function findOperator(name: string): OperatorFunction | null {
  const known = bound.get(name);
  if (known !== undefined) return known;
  const dot = name.indexOf(".");
  const number = native.lookUp(dot < 0 ? name : name.slice(0, dot), dot < 0 ? "" : name.slice(dot + 1));
  if (number < 0) return null;
  const made = functionOf(native.bind(number), wrapperFor(native.schema(number).results));
  bound.set(name, made);
  return made;
}

/**
 * The operator of that name, such as `operator("aten::softmax.int")`, as a function of its schema's arguments in order;
 * left-out trailing arguments take the schema's defaults. Look it up once and keep the function.
 *
 * @throws TorchError where this LibTorch has no such operator.
 */
export function operator<Name extends string>(
  name: Name,
): Name extends `aten::${infer Aten extends keyof AtenOperators & string}`
  ? AtenOperators[Aten]
  : Name extends `aha::${infer Own extends keyof AhaOperators & string}`
    ? AhaOperators[Own]
    : OperatorFunction {
  const found = findOperator(name);
  if (found === null) {
    throw new TorchError(
      `LibTorch ${native.version()} has no operator ${name}; see operatorNames("${name.split(".")[0]}")`,
    );
  }
  return found as ReturnType<typeof operator<Name>>;
}

/** The names, with overloads, of all operators that begin with `prefix`, sorted. */
export function operatorNames(prefix = ""): string[] {
  return native.operatorNames(prefix).sort();
}
