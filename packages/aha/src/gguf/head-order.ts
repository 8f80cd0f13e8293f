/**
 * The order of rows in the query and key projections: llama.cpp rotates neighbouring pairs in the architecture "llama",
 * Hugging Face rotates number i with number i + d/2, so that such files hold the rows interleaved.
 */

type Rows = Float32Array<ArrayBufferLike>;

function reordered(
  rows: Rows,
  heads: number,
  headDimension: number,
  from: (pair: number, part: number) => number,
  to: (pair: number, part: number) => number,
): Float32Array {
  const width = rows.length / (heads * headDimension);
  const out = new Float32Array(rows.length);
  for (let head = 0; head < heads; head++) {
    for (let pair = 0; pair < headDimension / 2; pair++) {
      for (let part = 0; part < 2; part++) {
        const source = (head * headDimension + from(pair, part)) * width;
        const target = (head * headDimension + to(pair, part)) * width;
        out.set(rows.subarray(source, source + width), target);
      }
    }
  }
  return out;
}

const neighbours = (pair: number, part: number): number => 2 * pair + part;
const halves =
  (headDimension: number) =>
  (pair: number, part: number): number =>
    part * (headDimension / 2) + pair;

/** Rows (or a bias's numbers) as Hugging Face holds them, from llama.cpp's order. */
export function toHalves(rows: Rows, heads: number, headDimension: number): Float32Array {
  return reordered(rows, heads, headDimension, neighbours, halves(headDimension));
}

/** The other way round. */
export function toNeighbours(rows: Rows, heads: number, headDimension: number): Float32Array {
  return reordered(rows, heads, headDimension, halves(headDimension), neighbours);
}
