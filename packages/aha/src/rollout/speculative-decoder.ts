/**
 * Self-speculative decoding (DeepSeek-V3, §5.4.3): the prediction module drafts the token after the next one, and the main model
 * verifies it while it computes the next: one or two tokens a step, distributed as without it.
 *
 * Rows, prompts and freed places are handled as in decoder.ts. The prediction module has a cache of its own, whose entry of a
 * token is made from the hidden state before it: it lags the main one by a token.
 */
import { fromTypedArray, inferenceMode, scope, type Tensor, torch } from "@aha/torch";
import { bucketSize } from "../models/bucket.ts";
import type { DeepseekV3 } from "../models/deepseek/deepseek-v3.ts";
import { LatentDecoding } from "../models/deepseek/latent-decoding.ts";
import { checkPrompt } from "./check-prompt.ts";
import type {
  SampledSequence,
  SampleRequest,
  SamplingOptions,
  SequenceDecoder,
  TokenListener,
} from "./decoder.ts";
import {
  type DrawnTokens,
  draftTokens,
  drawTokens,
  type TokenSource,
  verifyDrafts,
} from "./draft-verification.ts";

const int64 = (values: readonly number[]): Tensor => fromTypedArray(BigInt64Array.from(values, BigInt));

interface ActiveSample {
  readonly request: number;
  readonly sample: number;
  readonly seed: bigint;
  readonly row: number; // of the cache
  readonly tokenIds: number[];
  readonly logProbabilities: number[];
}

/** Drafts for the active samples, in their order. */
interface Drafts {
  readonly tokens: DrawnTokens;
  readonly logits: Tensor; // [n, V], kept until the next step
}

/** What the last step computed for a sample: hidden states of the rows, each before one of `newTokens` tokens. */
interface Computed {
  readonly sample: ActiveSample;
  readonly newTokens: 1 | 2;
  /** Row of the first hidden state among all that were computed. */
  readonly hiddenRow: number;
}

const sourceOf = ({ seed, tokenIds }: ActiveSample, further = 0): TokenSource => ({
  seed,
  position: tokenIds.length + further,
});

export class SpeculativeDecoder implements SequenceDecoder {
  readonly #model: DeepseekV3;
  readonly #requests: readonly SampleRequest[];
  readonly #options: SamplingOptions;
  readonly #onToken: TokenListener | undefined;
  readonly #freeRows: number[];
  /** Null only for a decoder without any sample. */
  readonly #cache: LatentDecoding | null;
  #waiting: { request: number; sample: number }[];
  #active: ActiveSample[] = [];
  #drafts: Drafts | null = null;
  #generated = 0;
  #drafted = 0;
  #accepted = 0;

  /** The model must have a prediction module. Throws PromptError as Decoder does. */
  constructor(
    model: DeepseekV3,
    requests: readonly SampleRequest[],
    options: SamplingOptions,
    onToken?: TokenListener,
  ) {
    if (!model.predictsAhead)
      throw new RangeError("speculative decoding needs a model with a prediction module");
    for (const [index, { promptTokenIds }] of requests.entries())
      checkPrompt(model, promptTokenIds, index, options.maxNewTokens);
    this.#model = model;
    this.#requests = requests;
    this.#options = options;
    this.#onToken = onToken;
    this.#waiting = requests.flatMap(({ seeds }, request) => seeds.map((_, sample) => ({ request, sample })));
    const capacity = Math.max(1, Math.min(options.capacity, this.#waiting.length));
    this.#freeRows = Array.from({ length: capacity }, (_, row) => capacity - 1 - row);
    const prompts = requests.map(({ promptTokenIds }) => promptTokenIds);
    const prefill = (): LatentDecoding =>
      new LatentDecoding(model, prompts, capacity, options.maxNewTokens, true);
    this.#cache = this.#waiting.length > 0 ? inferenceMode(() => scope(prefill)) : null;
  }

  get finished(): boolean {
    return this.#active.length === 0 && this.#waiting.length === 0;
  }
  get generated(): number {
    return this.#generated;
  }
  /** Drafts verified so far. */
  get drafted(): number {
    return this.#drafted;
  }
  /** Those of them that were kept. */
  get accepted(): number {
    return this.#accepted;
  }

  step(): SampledSequence[] {
    const cache = this.#cache;
    if (this.finished || cache === null) return [];
    const ended: SampledSequence[] = [];
    inferenceMode(() =>
      scope(() => {
        const hidden: Tensor[] = [];
        const computed = [...this.#continue(cache, hidden, ended), ...this.#admit(cache, hidden, ended)];
        this.#drafts?.logits.dispose();
        this.#drafts = computed.length === 0 ? null : this.#draft(cache, torch.cat(hidden), computed);
      }),
    );
    if (this.finished) this.dispose();
    return ended;
  }

  /** Verifies every active sample's draft; returns those that go on. */
  #continue(cache: LatentDecoding, hidden: Tensor[], ended: SampledSequence[]): Computed[] {
    const [active, drafts] = [this.#active, this.#drafts];
    if (active.length === 0 || drafts === null) return [];
    const width = 2;
    const states = this.#decode(active, drafts.tokens, cache);
    hidden.push(states);
    const model = this.#model;
    const logits = model.logits(states).view(active.length, width, -1);
    const sources = active.map((sample) => sourceOf(sample));
    const first = logits.select(1, 0).contiguous();
    const verified = verifyDrafts(first, drafts.logits, drafts.tokens, sources, this.#options);
    const further = active.map((sample) => sourceOf(sample, 1));
    const second = drawTokens(logits.select(1, 1).contiguous(), further, this.#options);
    this.#drafted += active.length;
    const goOn: Computed[] = [];
    active.forEach((sample, index) => {
      const kept = verified.accepted[index] === true;
      if (kept) this.#accepted++;
      let going = this.#take(sample, verified, index, ended);
      if (going && kept) going = this.#take(sample, second, index, ended);
      if (going) goOn.push({ sample, newTokens: kept ? 2 : 1, hiddenRow: width * index });
    });
    this.#active = goOn.map(({ sample }) => sample);
    return goOn;
  }

  /** Takes waiting completions into free rows; their first token comes from the prompt's own logits. */
  #admit(cache: LatentDecoding, hidden: Tensor[], ended: SampledSequence[]): Computed[] {
    const admitted: ActiveSample[] = [];
    while (this.#freeRows.length > 0 && this.#waiting.length > 0) {
      const { request, sample } = this.#waiting.shift() as { request: number; sample: number };
      const seed = (this.#requests[request] as SampleRequest).seeds[sample] as bigint;
      const row = this.#freeRows.pop() as number;
      admitted.push({ request, sample, seed, row, tokenIds: [], logProbabilities: [] });
    }
    if (admitted.length === 0) return [];
    const prompts = int64(admitted.map(({ request }) => request)).to(this.#model.device);
    const before = hidden.reduce((rows, states) => rows + states.size(0), 0);
    hidden.push(cache.firstHidden.indexSelect(0, prompts));
    const sources = admitted.map((sample) => sourceOf(sample));
    const drawn = drawTokens(cache.firstLogits.indexSelect(0, prompts), sources, this.#options);
    const goOn = admitted.flatMap((sample, index): Computed[] =>
      this.#take(sample, drawn, index, ended) ? [{ sample, newTokens: 1, hiddenRow: before + index }] : [],
    );
    this.#active = [...this.#active, ...goOn.map(({ sample }) => sample)];
    return goOn;
  }

  /** Appends a drawn token; true where the completion goes on after it. */
  #take(sample: ActiveSample, drawn: DrawnTokens, index: number, ended: SampledSequence[]): boolean {
    const { maxNewTokens, eosTokenIds } = this.#options;
    const id = drawn.ids[index] as number;
    sample.tokenIds.push(id);
    sample.logProbabilities.push(drawn.logProbabilities[index] as number);
    this.#generated++;
    this.#onToken?.(sample.request, sample.sample, id);
    const stopped = eosTokenIds.has(id);
    if (!stopped && sample.tokenIds.length < maxNewTokens) return true;
    this.#freeRows.push(sample.row);
    ended.push({
      request: sample.request,
      sample: sample.sample,
      tokenIds: sample.tokenIds,
      logProbabilities: Float32Array.from(sample.logProbabilities),
      finish: stopped ? "stop" : "length",
    });
    return false;
  }

  /** Where two new tokens of each stand in a cache, the batch padded to one of few sizes. */
  #place(
    samples: readonly ActiveSample[],
    lengths: readonly number[],
    cache: LatentDecoding,
    ahead: boolean,
  ): ReturnType<LatentDecoding["place"]> {
    const padding = new Array<number>(bucketSize(samples.length) - samples.length);
    const place = (values: readonly number[], filler: number): Tensor =>
      int64([...values, ...padding.fill(filler)]).to(this.#model.device);
    const batch = {
      prefixIndex: place(
        samples.map(({ request }) => request),
        0,
      ),
      rows: place(
        samples.map(({ row }) => row),
        cache.spareRow,
      ),
      lengths: place(lengths, 0),
    };
    return cache.place(batch, 2, ahead);
  }

  /** Hidden states [2 n, D] of each sample's last token and its draft. */
  #decode(active: readonly ActiveSample[], drafts: DrawnTokens, cache: LatentDecoding): Tensor {
    const lengths = active.map(({ tokenIds }) => tokenIds.length - 1);
    const ids = active.flatMap(({ tokenIds }, index) => [
      tokenIds.at(-1) as number,
      drafts.ids[index] as number,
    ]);
    const placement = this.#place(active, lengths, cache, false);
    const padded = [...ids, ...new Array<number>(placement.newRows.size(0) - ids.length).fill(0)];
    const model = this.#model;
    return model.decode(int64(padded).to(model.device), cache.layers, placement).narrow(0, 0, ids.length);
  }

  /** Feeds each sample's new tokens to the prediction module, and drafts what follows the last. */
  #draft(cache: LatentDecoding, hidden: Tensor, computed: readonly Computed[]): Drafts {
    const model = this.#model;
    const samples = computed.map(({ sample }) => sample);
    const lengths = computed.map(({ sample, newTokens }) => sample.tokenIds.length - newTokens);
    const placement = this.#place(samples, lengths, cache, true);
    // Where there is one new token the second place gets a stand-in, which the next step writes over.
    const rows = computed.flatMap(({ hiddenRow, newTokens }) => [hiddenRow, hiddenRow + newTokens - 1]);
    const next = computed.flatMap(({ sample: { tokenIds }, newTokens }) => [
      tokenIds.at(-newTokens) as number,
      tokenIds.at(-1) as number,
    ]);
    const filler = new Array<number>(placement.newRows.size(0) - rows.length).fill(0);
    const place = (values: readonly number[]): Tensor => int64([...values, ...filler]).to(model.device);
    const ahead = model.decodeAhead(hidden.indexSelect(0, place(rows)), place(next), cache.layers, placement);
    const last = int64(computed.map(({ newTokens }, index) => 2 * index + newTokens - 1)).to(model.device);
    const logits = model.logits(ahead.indexSelect(0, last)).keep();
    const tokens = draftTokens(
      logits,
      samples.map((sample) => sourceOf(sample)),
      this.#options,
    );
    return { tokens, logits };
  }

  dispose(): void {
    this.#cache?.dispose();
    this.#drafts?.logits.dispose();
    this.#drafts = null;
    this.#active = [];
    this.#waiting = [];
  }
}
