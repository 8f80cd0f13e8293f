/** Sequences of unequal lengths packed end to end, without padding: what models compute on. */
import { type Device, fromTypedArray, type Tensor } from "@aha/torch";
import { bucketSize } from "./bucket.ts";

/**
 * A run of tokens that attend to each other causally, and to one earlier run as a whole. A group's completions share
 * their prompt so: the prompt's keys and values are computed once.
 */
export interface Segment {
  readonly tokenIds: readonly number[];
  /** Position of the first token, for rotary embeddings. */
  readonly firstPosition: number;
  /** Index of the segment attended to in front of this one; null for none. */
  readonly prefix: number | null;
}

/** The packed batch as tensors. T is the number of tokens, S of segments. */
export interface RaggedBatch {
  /** T, the padding included: rows past the last segment's belong to nothing and are never read. */
  readonly tokens: number;
  readonly tokenIds: Tensor; // int64 [T]
  readonly positions: Tensor; // int64 [T]
  /** int64 [S, 4] on the CPU: start, length, prefix start, prefix length. */
  readonly segments: Tensor;
  /** Where each segment starts in the packed order. */
  readonly starts: readonly number[]; // [S]
  /** Start and length of each segment in the packed order; rows beyond them are padding. */
  readonly spans: readonly (readonly [start: number, length: number])[]; // [S]
}

/** Padding attends within short runs of its own, so that it costs next to nothing. */
const PADDING_RUN = 16;

/**
 * Packs segments in their order; a prefix must stand before the segments that name it. Empty segments are allowed. The
 * batch is padded to one of few sizes (see bucket.ts).
 */
export function packSegments(segments: readonly Segment[], device: Device = "cpu"): RaggedBatch {
  const filled = segments.reduce((sum, segment) => sum + segment.tokenIds.length, 0);
  const tokens = bucketSize(filled);
  const ids = new BigInt64Array(tokens);
  const positions = new BigInt64Array(tokens);
  const table: bigint[] = [];
  const starts: number[] = [];
  let start = 0;
  segments.forEach((segment, index) => {
    const { tokenIds, firstPosition, prefix } = segment;
    if (prefix !== null && prefix >= index) {
      throw new RangeError(
        `segment ${index} names segment ${prefix} as its prefix: a prefix must come first`,
      );
    }
    for (let offset = 0; offset < tokenIds.length; offset++) {
      ids[start + offset] = BigInt(tokenIds[offset] as number);
      positions[start + offset] = BigInt(firstPosition + offset);
    }
    starts.push(start);
    if (tokenIds.length > 0) {
      const [prefixStart, prefixLength] =
        prefix === null ? [0, 0] : [starts[prefix] as number, (segments[prefix] as Segment).tokenIds.length];
      table.push(BigInt(start), BigInt(tokenIds.length), BigInt(prefixStart), BigInt(prefixLength));
    }
    start += tokenIds.length;
  });
  for (let padding = filled; padding < tokens; padding += PADDING_RUN) {
    table.push(BigInt(padding), BigInt(Math.min(PADDING_RUN, tokens - padding)), 0n, 0n);
  }
  return {
    tokens,
    tokenIds: fromTypedArray(ids, { device }),
    positions: fromTypedArray(positions, { device }),
    segments: fromTypedArray(BigInt64Array.from(table), { shape: [table.length / 4, 4] }),
    starts,
    spans: segments.map(({ tokenIds }, index) => [starts[index] as number, tokenIds.length]),
  };
}

/** Independent sequences, each from position 0. */
export function packSequences(
  sequences: readonly (readonly number[])[],
  device: Device = "cpu",
): RaggedBatch {
  return packSegments(
    sequences.map((tokenIds) => ({ tokenIds, firstPosition: 0, prefix: null })),
    device,
  );
}
