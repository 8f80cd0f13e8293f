/** The element types of the safetensors format that this software reads and writes. */

/**
 * Bytes an element takes, by the format's name for the type. The order is that in which Python's
 * library lays tensors out, wide elements first, so that each is aligned to its own size.
 */
export const BYTES_PER_ELEMENT = {
  I64: 8,
  F64: 8,
  F32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  I16: 2,
  F8_E4M3: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** An element type as the header of a safetensors file names it. */
export type SafetensorsDtype = keyof typeof BYTES_PER_ELEMENT;

/** The types in the order in which a file holds them. */
export const DTYPES_IN_FILE_ORDER: readonly string[] = Object.keys(BYTES_PER_ELEMENT);

/** Whether `name` is an element type this software handles. */
export function isSafetensorsDtype(name: unknown): name is SafetensorsDtype {
  return typeof name === "string" && Object.hasOwn(BYTES_PER_ELEMENT, name);
}

/**
 * Bytes a dense tensor takes, or `null` where the number would not be exact (2^53 and above) or a
 * dimension is not a whole number ≥ 0.
 */
export function denseByteLength(dtype: SafetensorsDtype, shape: readonly number[]): number | null {
  let elements = 1n;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return null;
    elements *= BigInt(size);
  }
  const bytes = elements * BigInt(BYTES_PER_ELEMENT[dtype]);
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : null;
}
