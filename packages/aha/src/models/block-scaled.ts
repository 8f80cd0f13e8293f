/** FP8 weights with one scale a block (DeepSeek-V3, §3.3.2), as numbers that can be computed with. */
import { scope, type Tensor } from "@aha/torch";
import type { WeightBlocks } from "../folder/deepseek-config.ts";

/** Bytes of float32 that are alive at once besides the target. */
const CHUNK_BYTES = 2 ** 24;

/** The shape of the scales of a matrix: blocks at the edges may be partial. */
export function scaleShape(
  [rows, columns]: readonly [number, number],
  blocks: WeightBlocks,
): [number, number] {
  return [Math.ceil(rows / blocks.rows), Math.ceil(columns / blocks.columns)];
}

/**
 * Writes weight · scale of its block into `target` [R, C], some rows at a time. `weight` float8_e4m3fn [R, C], `scales`
 * float32, of the shape that `scaleShape` gives. Call without gradients.
 */
export function dequantiseInto(target: Tensor, weight: Tensor, scales: Tensor, blocks: WeightBlocks): void {
  const [rows, columns] = weight.shape as [number, number];
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / (8 * columns * blocks.rows)));
  const step = perChunk * blocks.rows;
  for (let start = 0; start < rows; start += step) {
    const length = Math.min(step, rows - start);
    // Each chunk's own scope: intermediate results of a large matrix together would be many times its size.
    scope(() => {
      const spread = scales
        .narrow(0, start / blocks.rows, Math.ceil(length / blocks.rows))
        .repeatInterleave(blocks.columns, 1)
        .narrow(1, 0, columns)
        .repeatInterleave(blocks.rows, 0)
        .narrow(0, 0, length);
      const plain = weight.narrow(0, start, length).to("float32");
      target.narrow(0, start, length).copy_(plain.mul_(spread));
    });
  }
}
