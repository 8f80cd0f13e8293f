/**
 * Batched sampling with a key–value cache: each prompt is prefilled once for all of its samples, every sample has its
 * own row of the cache, finished samples leave the batch, and waiting ones take the freed rows.
 */
import { fromTypedArray, inferenceMode, operator, scope, type Tensor, torch } from "@aha/torch";
import { bucketSize } from "../models/bucket.ts";
import type { Llama } from "../models/llama.ts";
import { packSequences } from "../models/ragged-batch.ts";
import { PromptError } from "./prompt-error.ts";

const embed = operator("aha::embedding");
const rmsNorm = operator("aha::rms_norm");
const addRmsNorm = operator("aha::add_rms_norm");
const siluMul = operator("aha::silu_mul");
const decodeAttention = operator("aha::decode_attention_qkv");
const linear = operator("aten::linear");
const sampleRows = operator("aha::sample");

/** How the next token is drawn; filters in transformers' order: temperature, top-k, top-p, min-p. */
export interface SamplingOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  readonly topP: number; // 1: off
  readonly topK: number; // 0: off
  readonly minP: number; // 0: off
  readonly maxNewTokens: number;
  /** Any of these ends a completion and belongs to it. */
  readonly eosTokenIds: ReadonlySet<number>;
  /** Samples decoded at once; the rest wait for a free row of the cache. */
  readonly capacity: number;
}

/** A prompt and one seed for each completion wanted of it. */
export interface SampleRequest {
  readonly promptTokenIds: readonly number[]; // [promptLength], not empty
  readonly seeds: readonly bigint[]; // [samples]
}

/** Hears of every token as it is sampled: for streaming. */
export type TokenListener = (request: number, sample: number, tokenId: number) => void;

/** A finished completion. */
export interface SampledSequence {
  readonly request: number;
  readonly sample: number;
  readonly tokenIds: readonly number[]; // the end-of-sequence id included where one was sampled
  readonly logProbabilities: Float32Array; // of the distribution sampled from, after temperature and filters
  readonly finish: "stop" | "length";
}

interface ActiveSample {
  readonly request: number;
  readonly sample: number;
  readonly seed: bigint;
  readonly row: number; // of the cache
  readonly tokenIds: number[];
  readonly logProbabilities: number[];
}

interface LayerCache {
  readonly prefixKeys: Tensor; // [P, longest prompt, Hk, d]
  readonly prefixValues: Tensor;
  readonly keys: Tensor; // [capacity, maxNewTokens, Hk, d]
  readonly values: Tensor;
}

const int64 = (values: readonly (number | bigint)[]): Tensor =>
  fromTypedArray(BigInt64Array.from(values, BigInt));

/** Decodes a set of requests step by step; `step()` returns what finished. Dispose it, or exhaust it. */
export class Decoder {
  readonly #model: Llama;
  readonly #requests: readonly SampleRequest[];
  readonly #options: SamplingOptions;
  readonly #onToken: TokenListener | undefined;
  readonly #caches: LayerCache[] = [];
  readonly #freeRows: number[];
  // Both are set by the prefill, which only a decoder without any sample leaves out.
  #prefixLengths!: Tensor; // int64 [P]
  #firstLogits!: Tensor; // [P, V] after each prompt
  #spareRow = 0;
  #waiting: { request: number; sample: number }[] = [];
  #active: ActiveSample[] = [];
  #generated = 0;

  /** Throws PromptError for a prompt that is empty, too long for the model, or holds ids unknown to it. */
  constructor(
    model: Llama,
    requests: readonly SampleRequest[],
    options: SamplingOptions,
    onToken?: TokenListener,
  ) {
    for (const [index, { promptTokenIds }] of requests.entries())
      checkPrompt(model, promptTokenIds, index, options);
    this.#model = model;
    this.#requests = requests;
    this.#options = options;
    this.#onToken = onToken;
    this.#waiting = requests.flatMap(({ seeds }, request) => seeds.map((_, sample) => ({ request, sample })));
    const capacity = Math.max(1, Math.min(options.capacity, this.#waiting.length));
    this.#freeRows = Array.from({ length: capacity }, (_, row) => capacity - 1 - row);
    if (this.#waiting.length > 0) this.#prefill(capacity);
  }

  /** True once every completion has been handed out. */
  get finished(): boolean {
    return this.#active.length === 0 && this.#waiting.length === 0;
  }
  /** Tokens sampled so far. */
  get generated(): number {
    return this.#generated;
  }

  #prefill(capacity: number): void {
    this.#spareRow = capacity;
    const { config, dtype, device } = this.#model;
    const prompts = this.#requests.map(({ promptTokenIds }) => promptTokenIds);
    const longest = Math.max(...prompts.map((prompt) => prompt.length));
    // One row more than there are samples: padding writes there.
    const cacheShape = [capacity + 1, this.#options.maxNewTokens, config.keyValueHeads, config.headDimension];
    const prefixShape = [prompts.length, longest, config.keyValueHeads, config.headDimension];
    const allocate = (shape: readonly number[]): Tensor => torch.zeros(shape, { dtype, device }).keep();
    inferenceMode(() =>
      scope(() => {
        for (let layer = 0; layer < config.layers; layer++) {
          this.#caches.push({
            prefixKeys: allocate(prefixShape),
            prefixValues: allocate(prefixShape),
            keys: allocate(cacheShape),
            values: allocate(cacheShape),
          });
        }
        const batch = packSequences(prompts, device);
        const rows = int64(
          prompts.flatMap((prompt, index) => prompt.map((_, offset) => index * longest + offset)),
        );
        const placed = rows.to(device);
        const hidden = this.#model.hidden(batch, (layer, { keys, values }) => {
          const cache = this.#caches[layer] as LayerCache;
          const flat = [prompts.length * longest, config.keyValueHeads, config.headDimension];
          const used = rows.elementCount; // without the packing's padding
          cache.prefixKeys.view(flat).indexCopy_(0, placed, keys.narrow(0, 0, used));
          cache.prefixValues.view(flat).indexCopy_(0, placed, values.narrow(0, 0, used));
        });
        const last = int64(
          prompts.map((prompt, index) => (batch.starts[index] as number) + prompt.length - 1),
        );
        this.#firstLogits = this.#model.logits(hidden.indexSelect(0, last.to(device))).keep();
        this.#prefixLengths = int64(prompts.map((prompt) => prompt.length))
          .to(device)
          .keep();
      }),
    );
  }

  /** Samples one token for every active completion; returns those that ended with it. */
  step(): SampledSequence[] {
    if (this.finished) return [];
    const ended: SampledSequence[] = [];
    inferenceMode(() =>
      scope(() => {
        const before = this.#active;
        if (before.length > 0) this.#accept(before, this.#decode(before), ended);
        const admitted = this.#admit();
        if (admitted.length > 0) {
          const rows = int64(admitted.map(({ request }) => request)).to(this.#model.device);
          this.#accept(admitted, this.#firstLogits.indexSelect(0, rows), ended);
        }
      }),
    );
    if (this.finished) this.dispose();
    return ended;
  }

  /** Takes waiting completions into free rows; their first token comes from the prompt's own logits. */
  #admit(): ActiveSample[] {
    const admitted: ActiveSample[] = [];
    while (this.#freeRows.length > 0 && this.#waiting.length > 0) {
      const { request, sample } = this.#waiting.shift() as { request: number; sample: number };
      const seed = (this.#requests[request] as SampleRequest).seeds[sample] as bigint;
      const row = this.#freeRows.pop() as number;
      admitted.push({ request, sample, seed, row, tokenIds: [], logProbabilities: [] });
    }
    this.#active = [...this.#active, ...admitted];
    return admitted;
  }

  /** Logits [B, V] after the last token of each. */
  #decode(active: readonly ActiveSample[]): Tensor {
    const { config, weights, rotary, scale, device } = this.#model;
    const batch = bucketSize(active.length);
    const padding = new Array<number>(batch - active.length);
    const place = (values: readonly number[], filler: number): Tensor =>
      int64([...values, ...padding.fill(filler)]).to(device);
    const prefixIndex = place(
      active.map(({ request }) => request),
      0,
    );
    const rows = place(
      active.map(({ row }) => row),
      this.#spareRow,
    );
    const lengths = place(
      active.map(({ tokenIds }) => tokenIds.length - 1),
      0,
    );
    const lastTokens = place(
      active.map(({ tokenIds }) => tokenIds[tokenIds.length - 1] as number),
      0,
    );
    let residual = embed(weights.embedding, lastTokens);
    let update: Tensor | null = null;
    weights.layers.forEach((layer, index) => {
      const cache = this.#caches[index] as LayerCache;
      let normed: Tensor;
      if (update === null) normed = rmsNorm(residual, layer.inputNorm, config.normEpsilon);
      else [normed, residual] = addRmsNorm(update, residual, layer.inputNorm, config.normEpsilon);
      const attended = decodeAttention(
        linear(normed, layer.queryKeyValue),
        cache.prefixKeys,
        cache.prefixValues,
        prefixIndex,
        this.#prefixLengths,
        cache.keys,
        cache.values,
        rows,
        lengths,
        rotary.cosines,
        rotary.sines,
        scale,
        config.heads,
        config.keyValueHeads,
      );
      const mixed = linear(attended.view(batch, -1), layer.output);
      const [again, after] = addRmsNorm(mixed, residual, layer.postAttentionNorm, config.normEpsilon);
      residual = after;
      update = linear(siluMul(linear(again, layer.gateUp)), layer.down);
    });
    const [final] = addRmsNorm(update as unknown as Tensor, residual, weights.norm, config.normEpsilon);
    return this.#model.logits(final).narrow(0, 0, active.length);
  }

  /** Draws a token for each row of logits and files the completions that ended. */
  #accept(samples: readonly ActiveSample[], logits: Tensor, ended: SampledSequence[]): void {
    const { temperature, topK, topP, minP, maxNewTokens, eosTokenIds } = this.#options;
    const { device } = this.#model;
    const seeds = int64(samples.map(({ seed }) => seed)).to(device);
    const positions = int64(samples.map(({ tokenIds }) => tokenIds.length)).to(device);
    const [ids, logProbabilities] = sampleRows(logits, seeds, positions, temperature, topK, topP, minP);
    const idValues = ids.toTypedArray() as BigInt64Array;
    const scores = logProbabilities.toTypedArray() as Float32Array;
    this.#generated += samples.length;
    const done = new Set<ActiveSample>();
    samples.forEach((sample, index) => {
      const id = Number(idValues[index]);
      sample.tokenIds.push(id);
      sample.logProbabilities.push(scores[index] as number);
      this.#onToken?.(sample.request, sample.sample, id);
      const stopped = eosTokenIds.has(id);
      if (!stopped && sample.tokenIds.length < maxNewTokens) return;
      done.add(sample);
      this.#freeRows.push(sample.row);
      ended.push({
        request: sample.request,
        sample: sample.sample,
        tokenIds: sample.tokenIds,
        logProbabilities: Float32Array.from(sample.logProbabilities),
        finish: stopped ? "stop" : "length",
      });
    });
    if (done.size > 0) this.#active = this.#active.filter((sample) => !done.has(sample));
  }

  /** Releases the caches. */
  dispose(): void {
    for (const { prefixKeys, prefixValues, keys, values } of this.#caches.splice(0)) {
      for (const tensor of [prefixKeys, prefixValues, keys, values]) tensor.dispose();
    }
    this.#firstLogits?.dispose();
    this.#prefixLengths?.dispose();
    this.#active = [];
    this.#waiting = [];
  }
}

function checkPrompt(
  model: Llama,
  promptTokenIds: readonly number[],
  index: number,
  options: SamplingOptions,
): void {
  if (promptTokenIds.length === 0) {
    throw new PromptError(
      `prompt ${index} has no tokens: give at least one, such as the beginning-of-sequence token`,
    );
  }
  const strange = promptTokenIds.find(
    (id) => !(Number.isInteger(id) && id >= 0 && id < model.config.vocabularySize),
  );
  if (strange !== undefined) {
    throw new PromptError(
      `prompt ${index} holds the token id ${strange}; this model knows 0 … ${model.config.vocabularySize - 1}`,
    );
  }
  const needed = promptTokenIds.length + options.maxNewTokens;
  const positions = model.rotary.cosines.size(0);
  if (needed > positions) {
    throw new PromptError(
      `prompt ${index} has ${promptTokenIds.length} tokens and maxNewTokens is ${options.maxNewTokens}: ${needed} together, ` +
        `but the model has ${positions} positions. Lower maxNewTokens to ${Math.max(0, positions - promptTokenIds.length)} or shorten the prompt`,
    );
  }
}
