/** ggml's tensor formats: blocks of quantised numbers to float32 and, for those we write, back. */
import { bfloat16ToNumber, float16ToNumber, numberToBfloat16, numberToFloat16 } from "./half-floats.ts";

/** One format: `elements` numbers in `bytes` bytes. */
export interface BlockFormat {
  readonly name: string;
  /** The number that stands in the file. */
  readonly code: number;
  readonly elements: number;
  readonly bytes: number;
  /** Reads the block at `from` into `out` at `to`; every step is rounded to float32 as ggml's reference is. */
  read(block: DataView, from: number, out: Float32Array, to: number): void;
  /** Writes a block; absent for the formats that are only read. */
  write?(values: Float32Array, from: number, block: DataView, to: number): void;
}

const { fround } = Math;
const half = (block: DataView, at: number): number => float16ToNumber(block.getUint16(at, true));

const float32: BlockFormat = {
  ...{ name: "F32", code: 0, elements: 1, bytes: 4 },
  read(block, from, out, to) {
    out[to] = block.getFloat32(from, true);
  },
  write(values, from, block, to) {
    block.setFloat32(to, values[from] as number, true);
  },
};

const float16: BlockFormat = {
  ...{ name: "F16", code: 1, elements: 1, bytes: 2 },
  read(block, from, out, to) {
    out[to] = half(block, from);
  },
  write(values, from, block, to) {
    block.setUint16(to, numberToFloat16(values[from] as number), true);
  },
};

const bfloat16: BlockFormat = {
  ...{ name: "BF16", code: 30, elements: 1, bytes: 2 },
  read(block, from, out, to) {
    out[to] = bfloat16ToNumber(block.getUint16(from, true));
  },
  write(values, from, block, to) {
    block.setUint16(to, numberToBfloat16(values[from] as number), true);
  },
};

const q4Zero: BlockFormat = {
  ...{ name: "Q4_0", code: 2, elements: 32, bytes: 18 },
  read(block, from, out, to) {
    const scale = half(block, from);
    for (let index = 0; index < 16; index++) {
      const pair = block.getUint8(from + 2 + index);
      out[to + index] = ((pair & 15) - 8) * scale;
      out[to + index + 16] = ((pair >> 4) - 8) * scale;
    }
  },
};

const q4One: BlockFormat = {
  ...{ name: "Q4_1", code: 3, elements: 32, bytes: 20 },
  read(block, from, out, to) {
    const [scale, offset] = [half(block, from), half(block, from + 2)];
    for (let index = 0; index < 16; index++) {
      const pair = block.getUint8(from + 4 + index);
      out[to + index] = fround((pair & 15) * scale) + offset;
      out[to + index + 16] = fround((pair >> 4) * scale) + offset;
    }
  },
};

/** The fifth bits of a block of 32 stand in one word: number i's is bit i. */
function fiveBits(block: DataView, high: number, low: number, index: number): readonly [number, number] {
  const word = block.getUint32(high, true);
  const pair = block.getUint8(low + index);
  return [(pair & 15) | (((word >>> index) & 1) << 4), (pair >> 4) | (((word >>> (index + 16)) & 1) << 4)];
}

const q5Zero: BlockFormat = {
  ...{ name: "Q5_0", code: 6, elements: 32, bytes: 22 },
  read(block, from, out, to) {
    const scale = half(block, from);
    for (let index = 0; index < 16; index++) {
      const [first, second] = fiveBits(block, from + 2, from + 6, index);
      out[to + index] = (first - 16) * scale;
      out[to + index + 16] = (second - 16) * scale;
    }
  },
};

const q5One: BlockFormat = {
  ...{ name: "Q5_1", code: 7, elements: 32, bytes: 24 },
  read(block, from, out, to) {
    const [scale, offset] = [half(block, from), half(block, from + 2)];
    for (let index = 0; index < 16; index++) {
      const [first, second] = fiveBits(block, from + 4, from + 8, index);
      out[to + index] = fround(first * scale) + offset;
      out[to + index + 16] = fround(second * scale) + offset;
    }
  },
};

const q8Zero: BlockFormat = {
  ...{ name: "Q8_0", code: 8, elements: 32, bytes: 34 },
  read(block, from, out, to) {
    const scale = half(block, from);
    for (let index = 0; index < 32; index++) out[to + index] = block.getInt8(from + 2 + index) * scale;
  },
  write(values, from, block, to) {
    let largest = 0;
    for (let index = 0; index < 32; index++) {
      largest = Math.max(largest, Math.abs(values[from + index] as number));
    }
    const scale = fround(largest / 127);
    const inverse = scale === 0 ? 0 : fround(1 / scale);
    block.setUint16(to, numberToFloat16(scale), true);
    for (let index = 0; index < 32; index++) {
      const scaled = fround((values[from + index] as number) * inverse);
      // The reference's roundf: halves away from zero.
      block.setInt8(to + 2 + index, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
    }
  },
};

/** Six-bit scale and minimum number `index` of the eight that are packed in twelve bytes. */
function scaleAndMinimum(block: DataView, at: number, index: number): readonly [number, number] {
  const byte = (offset: number): number => block.getUint8(at + offset);
  if (index < 4) return [byte(index) & 63, byte(index + 4) & 63];
  return [
    (byte(index + 4) & 15) | ((byte(index - 4) >> 6) << 4),
    (byte(index + 4) >> 4) | ((byte(index) >> 6) << 4),
  ];
}

const q4K: BlockFormat = {
  ...{ name: "Q4_K", code: 12, elements: 256, bytes: 144 },
  read(block, from, out, to) {
    const [scale, minimum] = [half(block, from), half(block, from + 2)];
    for (let group = 0; group < 8; group++) {
      const [groupScale, groupMinimum] = scaleAndMinimum(block, from + 4, group);
      const [step, offset] = [fround(scale * groupScale), fround(minimum * groupMinimum)];
      const shift = group % 2 === 0 ? 0 : 4;
      const start = from + 16 + (group >> 1) * 32;
      for (let index = 0; index < 32; index++) {
        const level = (block.getUint8(start + index) >> shift) & 15;
        out[to + group * 32 + index] = fround(step * level) - offset;
      }
    }
  },
};

const q6K: BlockFormat = {
  ...{ name: "Q6_K", code: 14, elements: 256, bytes: 210 },
  read(block, from, out, to) {
    const scale = half(block, from + 208);
    for (let index = 0; index < 256; index++) {
      const [part, within] = [index >> 7, index & 127];
      const [quarter, lane] = [within >> 5, within & 31];
      const low = block.getUint8(from + part * 64 + (quarter & 1) * 32 + lane);
      const high = block.getUint8(from + 128 + part * 32 + lane);
      const level = ((low >> (quarter < 2 ? 0 : 4)) & 15) | (((high >> (2 * quarter)) & 3) << 4);
      const groupScale = block.getInt8(from + 192 + (index >> 4));
      out[to + index] = fround(scale * groupScale) * (level - 32);
    }
  },
};

/** Every format that can be read, by its name. */
export const blockFormats: ReadonlyMap<string, BlockFormat> = new Map(
  [float32, float16, bfloat16, q4Zero, q4One, q5Zero, q5One, q8Zero, q4K, q6K].map((format) => [
    format.name,
    format,
  ]),
);

/** Reads whole blocks to float32. */
export function readBlocks(format: BlockFormat, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = bytes.byteLength / format.bytes;
  const out = new Float32Array(blocks * format.elements);
  for (let block = 0; block < blocks; block++) {
    format.read(view, block * format.bytes, out, block * format.elements);
  }
  return out;
}

/** Writes float32 values, a multiple of the block's size, as blocks. Throws RangeError for a format that is only read. */
export function writeBlocks(format: BlockFormat, values: Float32Array): Uint8Array {
  if (format.write === undefined) throw new RangeError(`${format.name} is read, but not written`);
  const blocks = values.length / format.elements;
  const bytes = new Uint8Array(blocks * format.bytes);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < blocks; block++) {
    format.write(values, block * format.elements, view, block * format.bytes);
  }
  return bytes;
}
