/** The 16-bit float formats as bits: binary16 and bfloat16 to float32 and back, rounding to nearest even. */

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** All 65,536 values of binary16, by their bits. */
const float16Values = Float32Array.from({ length: 1 << 16 }, (_, half) => {
  const sign = half >> 15 === 1 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

export function float16ToNumber(half: number): number {
  return float16Values[half] as number;
}

export function bfloat16ToNumber(half: number): number {
  bits[0] = half << 16;
  return single[0] as number;
}

/** Bits of the nearest binary16; too large becomes infinity. */
export function numberToFloat16(value: number): number {
  single[0] = value;
  const word = bits[0] as number;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to 2^16 or more
  if (magnitude < 0x38800000) {
    // Below 2^−14: a multiple of 2^−24, which doubles hold exactly.
    return sign | roundHalfEven(Math.abs(single[0] as number) * 2 ** 24);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Bits of the nearest bfloat16. */
export function numberToBfloat16(value: number): number {
  single[0] = value;
  const word = bits[0] as number;
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40; // stays not a number
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
