/** Chooses among an operator's overloads by the arguments that were given, as PyTorch's Python front end does. */
import { Generator } from "./generator.ts";
import { Kind, native, type OperatorSchema, type SchemaSlot } from "./native.ts";
import { findOperator, type OperatorFunction } from "./operators.ts";
import { Tensor } from "./tensor.ts";
import { TorchError } from "./torch-error.ts";
import { dtypes } from "./types.ts";

interface Candidate {
  readonly name: string;
  readonly call: OperatorFunction;
  readonly slots: readonly SchemaSlot[];
  readonly positional: number; // slots before the keyword-only ones
  readonly required: number; // slots up to the last without a default
  readonly positions: ReadonlyMap<string, number>; // camelCase name → index into slots
}

/** `keepdim` stays, `rounding_mode` becomes `roundingMode`; a trailing underscore (in place) is kept. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[A-Za-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
/** The inverse of camelCase for operator names: `maskedFill_` → `masked_fill_`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const layouts = /^(strided|sparse_)/;
const formats = /^(contiguous|preserve|channels_last)/;

function acceptsOne(slot: SchemaSlot, value: unknown): boolean {
  switch (slot.kind) {
    case Kind.tensor:
      return value instanceof Tensor || (slot.elementOptional && value === null);
    case Kind.scalar:
      return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
    case Kind.int:
      return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    case Kind.float:
    case Kind.complex:
      return typeof value === "number";
    case Kind.bool:
      return typeof value === "boolean";
    case Kind.dtype:
      return typeof value === "string" && dtypes.has(value);
    case Kind.layout:
      return typeof value === "string" && layouts.test(value);
    case Kind.memoryFormat:
      return typeof value === "string" && formats.test(value);
    case Kind.string:
    case Kind.device:
      return typeof value === "string" && !dtypes.has(value);
    case Kind.generator:
      return value instanceof Generator;
    default:
      return false;
  }
}

function accepts(slot: SchemaSlot, value: unknown): boolean {
  if (value === undefined) return slot.hasDefault;
  if (value === null) return slot.optional;
  if (!slot.list) return acceptsOne(slot, value);
  if (Array.isArray(value)) return value.every((item) => acceptsOne(slot, item));
  return slot.size > 0 && acceptsOne(slot, value);
}

function candidatesFor(base: string): Candidate[] {
  const found: Candidate[] = [];
  for (const name of native.operatorNames(base)) {
    const [stem, overload = ""] = name.split(".") as [string, string?];
    if (stem !== base || /(^|_)out$/.test(overload)) continue;
    const call = findOperator(name);
    if (call === null) continue;
    const schema: OperatorSchema = native.schema(native.lookUp(stem, overload));
    if (schema.arguments.some((slot) => slot.type.includes("Dimname") || slot.kind === Kind.unsupported))
      continue;
    if (schema.arguments.some((slot) => slot.written && slot.keywordOnly)) continue;
    const keyword = schema.arguments.findIndex((slot) => slot.keywordOnly);
    found.push({
      name,
      call,
      slots: schema.arguments,
      positional: keyword < 0 ? schema.arguments.length : keyword,
      required: schema.arguments.findLastIndex((slot) => !slot.hasDefault) + 1,
      positions: new Map(schema.arguments.map((slot, index) => [camelCase(slot.name), index])),
    });
  }
  // Tensors before scalars, short before long: the order in which PyTorch's own signatures are tried.
  const rank = (candidate: Candidate): number =>
    candidate.slots.length +
    (candidate.slots.some((slot) => slot.kind === Kind.scalar && slot.name === "other") ? 0.5 : 0);
  return found.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** Calls with spelled-out arguments, which costs less than spreading. */
function apply(call: OperatorFunction, values: readonly unknown[]): unknown {
  switch (values.length) {
    case 1:
      return call(values[0]);
    case 2:
      return call(values[0], values[1]);
    case 3:
      return call(values[0], values[1], values[2]);
    default:
      return call(...values);
  }
}

function isNamed(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function fitsByPosition({ slots, positional, required }: Candidate, values: readonly unknown[]): boolean {
  if (values.length > positional || values.length < required) return false;
  for (let index = 0; index < values.length; index++) {
    if (!accepts(slots[index] as SchemaSlot, values[index])) return false;
  }
  return true;
}

/** All arguments in the schema's order where the last of `values` holds some by name; null where they don't fit. */
function fitByName(
  candidate: Candidate,
  values: readonly unknown[],
  named: Record<string, unknown>,
): unknown[] | null {
  const count = values.length - 1;
  if (count > candidate.positional) return null;
  const full: unknown[] = values.slice(0, count);
  for (const [key, value] of Object.entries(named)) {
    const position = candidate.positions.get(key);
    if (position === undefined || position < count) return null;
    full[position] = value;
  }
  const fits = candidate.slots.every((slot, index) => accepts(slot, full[index]));
  return fits ? full : null;
}

function describeValue(value: unknown): string {
  if (value instanceof Tensor) return `Tensor ${value.describe()}`;
  if (value instanceof Generator) return "Generator";
  if (typeof value === "function") return "a function";
  return (
    JSON.stringify(value, (_, item) =>
      item instanceof Tensor ? "Tensor" : typeof item === "bigint" ? `${item}n` : item,
    ) ?? "undefined"
  );
}

/** Calls the first of an operator's overloads that takes the values, the last of which may be an object of names. */
export type Overloads = (values: readonly unknown[]) => unknown;

/** All overloads of `aten::<base>` as one; null where LibTorch has none that JavaScript can call. */
export function overloaded(base: string): Overloads | null {
  const candidates = candidatesFor(`aten::${base}`);
  if (candidates.length === 0) return null;
  return (values) => {
    const last = values[values.length - 1];
    const named = !(last instanceof Tensor) && isNamed(last) ? last : null;
    for (const candidate of candidates) {
      if (named === null) {
        if (fitsByPosition(candidate, values)) return apply(candidate.call, values);
      } else {
        const full = fitByName(candidate, values, named);
        if (full !== null) return candidate.call(...full);
      }
    }
    const forms = candidates.map(
      ({ name, slots }) =>
        `  ${name}(${slots.map((slot) => `${slot.type} ${camelCase(slot.name)}`).join(", ")})`,
    );
    throw new TorchError(
      `aten::${base} takes no such arguments: (${values.map(describeValue).join(", ")}). It takes one of\n${forms.join("\n")}`,
    );
  };
}
