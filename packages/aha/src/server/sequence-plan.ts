/** Turns the fields that both kinds of completion share into sequences for the engine. */
import { randomInt } from "node:crypto";
import type { SequenceRequest, SequenceSampling } from "../inference/sequence-request.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import { ApiError } from "./api-error.ts";
import type { ModelService } from "./model-service.ts";
import type { ChatRequest, CompletionRequest } from "./request-schemas.ts";

type SharedFields = ChatRequest | CompletionRequest;

/** What the endpoints decide by themselves. */
export interface PlannedPrompt
  extends Pick<
    SequenceRequest,
    "adapter" | "promptTokenIds" | "topLogProbabilities" | "scorePrompt" | "reasoning"
  > {
  /** Null: as many as there is room for. */
  readonly maxNewTokens: number | null;
}

/** A sequence before it has an id. */
export type PlannedSequence = Omit<SequenceRequest, "id">;

/** `n` sequences of a prompt. A seed means what it means to `aha generate`. Throws ApiError where there is no room. */
export function planSequences(
  service: ModelService,
  fields: SharedFields,
  prompt: PlannedPrompt,
): PlannedSequence[] {
  const { positions } = service.information;
  const { promptTokenIds } = prompt;
  checkTokens(service, promptTokenIds);
  const free = positions - promptTokenIds.length;
  const maxNewTokens = prompt.maxNewTokens ?? free;
  if (maxNewTokens > free || free < (prompt.maxNewTokens === 0 ? 0 : 1)) {
    const wanted = prompt.maxNewTokens === null ? "" : ` and ${maxNewTokens} for the completion`;
    throw new ApiError(
      400,
      `This model's maximum context length is ${positions} tokens; the request has ${promptTokenIds.length} in the prompt${wanted}. ` +
        "Shorten the prompt or ask for fewer tokens",
      { code: "context_length_exceeded", param: "max_tokens" },
    );
  }
  const seed = fields.seed ?? randomInt(2 ** 47);
  const { stop } = fields;
  return Array.from({ length: fields.n ?? 1 }, (_, index) => ({
    ...prompt,
    maxNewTokens,
    seed: deriveSeed(seed, 0, "generate", index),
    sampling: samplingOf(service, fields),
    stops: typeof stop === "string" ? [stop] : (stop ?? []),
    ignoreEndOfSequence: fields.ignore_eos ?? false,
    reusePrefix: fields.cache_prompt ?? true,
  }));
}

function samplingOf(service: ModelService, fields: SharedFields): SequenceSampling {
  const own = service.information.sampling;
  const bias = Object.entries(fields.logit_bias ?? {}).map(([id, value]) => [Number(id), value] as const);
  checkTokens(
    service,
    bias.map(([id]) => id),
    "logit_bias",
  );
  return {
    temperature: fields.temperature ?? own.temperature ?? 1,
    topP: fields.top_p ?? own.topP ?? 1,
    topK: Math.max(0, fields.top_k ?? own.topK ?? 0),
    minP: fields.min_p ?? own.minP ?? 0,
    frequencyPenalty: fields.frequency_penalty ?? 0,
    presencePenalty: fields.presence_penalty ?? 0,
    logitBias: bias,
  };
}

function checkTokens(service: ModelService, ids: readonly number[], param = "prompt"): void {
  const { vocabularySize } = service.information;
  const strange = ids.find((id) => id >= vocabularySize);
  if (strange === undefined) return;
  throw new ApiError(400, `the token id ${strange} is unknown; this model knows 0 … ${vocabularySize - 1}`, {
    param,
  });
}
