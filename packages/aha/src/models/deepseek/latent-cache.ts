/**
 * Decoding with cached latents: of a token a layer keeps c + r numbers, and attends in that space.
 *
 * A head's score qᵀk = (W_Kᵀ q)ᵀ latent + rotated part, and its output W_V Σ p latent: the up-projections are absorbed into
 * queries and outputs (DeepSeek-V2, §2.1.2), so that keys and values never exist.
 */
import { fromTypedArray, type Tensor, torch } from "@aha/torch";
import type { DeepseekConfig } from "../../folder/deepseek-config.ts";
import type { DecodeBatch } from "../decode-cache.ts";
import { attentionScale, type LatentProjection } from "./latent-attention.ts";

const int64 = (values: readonly number[]): Tensor => fromTypedArray(BigInt64Array.from(values, BigInt));

/** Of P prompts, and of completions with a row of their own each. */
export interface LatentLayerCache {
  readonly prefix: Tensor; // [P, longest prompt, c + r]
  readonly own: Tensor; // [rows + 1, positions, c + r]
}

/** Where a step's new tokens stand: `width` consecutive ones for each of B completions, N = B · width. */
export interface LatentPlacement {
  readonly width: number;
  readonly rows: Tensor; // int64 [B]
  readonly newRows: Tensor; // int64 [N]
  readonly newPlaces: Tensor; // int64 [N], within the row
  readonly positions: Tensor; // int64 [N], for rotation
  /** Entries of the longest row, the new ones included. */
  readonly longest: number;
  /** int64 [B]: completions in the order of their prompts, `perPrompt` places for each prompt; padding has one beyond. */
  readonly slots: Tensor;
  readonly readSlots: Tensor; // int64 [B], the same within bounds
  readonly perPrompt: number;
  readonly hidden: Tensor; // bool [B, width, 1, longest prompt + longest]: what must not be attended to
}

/** The places of a step's tokens. `prefixLengths` are the entries of each prompt; `longestPrefix` those allocated. */
export function placeLatents(
  batch: Pick<DecodeBatch, "prefixIndex" | "rows" | "lengths">,
  prefixLengths: readonly number[],
  longestPrefix: number,
  spareRow: number,
  width: number,
): LatentPlacement {
  const device = batch.rows.device;
  const [prompts, rows, lengths] = [
    [...batch.prefixIndex.toNumbers()],
    [...batch.rows.toNumbers()],
    [...batch.lengths.toNumbers()],
  ];
  const taken = prefixLengths.map(() => 0);
  const places = prompts.map((prompt, index) => {
    if (rows[index] === spareRow) return null;
    const place = taken[prompt] as number;
    taken[prompt] = place + 1;
    return place;
  });
  const perPrompt = Math.max(1, ...taken);
  const spareSlot = prefixLengths.length * perPrompt;
  const slots = places.map((place, index) =>
    place === null ? spareSlot : (prompts[index] as number) * perPrompt + place,
  );
  const longest = Math.max(...lengths) + width;
  const offsets = Array.from({ length: width }, (_, offset) => offset);
  const spread = (value: (index: number, offset: number) => number): Tensor =>
    int64(rows.flatMap((_, index) => offsets.map((offset) => value(index, offset)))).to(device);
  const newPlaces = spread((index, offset) => (lengths[index] as number) + offset);
  const prefixOf = int64(prompts.map((prompt) => prefixLengths[prompt] as number)).to(device);
  const columns = (count: number): Tensor => torch.arange(count, { dtype: "int64", device });
  const hiddenPrefix = columns(longestPrefix)
    .ge(prefixOf.unsqueeze(1))
    .view(-1, 1, 1, longestPrefix)
    .expand(-1, width, 1, longestPrefix);
  const hiddenOwn = columns(longest).gt(newPlaces.unsqueeze(1)).view(-1, width, 1, longest);
  return {
    width,
    rows: batch.rows,
    newRows: spread((index) => rows[index] as number),
    newPlaces,
    positions: spread(
      (index, offset) =>
        (prefixLengths[prompts[index] as number] as number) + (lengths[index] as number) + offset,
    ),
    longest,
    slots: int64(slots).to(device),
    readSlots: int64(slots.map((slot) => (slot === spareSlot ? 0 : slot))).to(device),
    perPrompt,
    hidden: torch.cat([hiddenPrefix, hiddenOwn], 3),
  };
}

/** Stores the step's entries and attends over everything before them: [N, H v]. */
export function absorbedAttention(
  config: DeepseekConfig,
  keyValue: Tensor,
  { plainQueries, rotatedQueries, entries }: LatentProjection,
  { prefix, own }: LatentLayerCache,
  placement: LatentPlacement,
): Tensor {
  const { heads, plainDimension, latentRank, valueDimension } = config;
  const { width, rows, longest, perPrompt, slots, readSlots } = placement;
  own.indexPut_([placement.newRows, placement.newPlaces], entries);
  const perHead = keyValue.view(heads, plainDimension + valueDimension, latentRank);
  const absorbed = plainQueries
    .transpose(0, 1)
    .bmm(perHead.narrow(1, 0, plainDimension))
    .transpose(0, 1);
  const all = torch.cat([absorbed, rotatedQueries], 2); // [N, H, c + r]
  const batch = rows.size(0);
  const queries = all.reshape(batch, width * heads, -1);
  const held = own.narrow(1, 0, longest).indexSelect(0, rows);
  const [prompts, longestPrefix] = [prefix.size(0), prefix.size(1)];
  // A prompt's entries serve all of its completions in one product: nothing of it is copied for each.
  const toPrompts = (input: Tensor): Tensor => {
    const spread = torch.zeros([prompts * perPrompt + 1, ...input.shape.slice(1)], {
      dtype: input.dtype,
      device: input.device,
    });
    spread.indexCopy_(0, slots, input);
    return spread.narrow(0, 0, prompts * perPrompt).view(prompts, perPrompt * width * heads, -1);
  };
  const fromPrompts = (output: Tensor): Tensor =>
    output.view(prompts * perPrompt, width * heads, -1).indexSelect(0, readSlots);
  const scores = torch.cat(
    [fromPrompts(toPrompts(queries).bmm(prefix.transpose(1, 2))), queries.bmm(held.transpose(1, 2))],
    2,
  );
  const shares = scores
    .to("float32")
    .mul(attentionScale(config))
    .view(batch, width, heads, -1)
    .maskedFill(placement.hidden, Number.NEGATIVE_INFINITY)
    .softmax(-1)
    .to(entries.dtype)
    .view(batch, width * heads, -1);
  const latents = (from: Tensor): Tensor => from.narrow(2, 0, latentRank);
  const mixed = fromPrompts(toPrompts(shares.narrow(2, 0, longestPrefix)).bmm(latents(prefix))).add(
    shares.narrow(2, longestPrefix, longest).bmm(latents(held)),
  ); // [B, width H, c]
  const values = mixed
    .view(batch * width, heads, latentRank)
    .transpose(0, 1)
    .bmm(perHead.narrow(1, plainDimension, valueDimension).transpose(1, 2));
  return values.transpose(0, 1).reshape(batch * width, -1);
}
