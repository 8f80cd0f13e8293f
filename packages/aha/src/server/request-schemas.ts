/** What the endpoints take: OpenAI's fields, and a few that other servers of open models take too. */
import { z } from "zod";
import { ApiError } from "./api-error.ts";

const temperature = z.number().min(0).max(2);
const json: z.ZodType<JsonValue> = z.json();
type JsonValue = z.core.util.JSONType;

/** Fields of both kinds of completion; null means the same as leaving out. */
const shared = {
  model: z.string().nullish(),
  temperature: temperature.nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  /** Not OpenAI's: the likeliest so many; 0 or −1: all. */
  top_k: z.int().min(-1).nullish(),
  /** Not OpenAI's: leaves out tokens below this share of the likeliest's probability. */
  min_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z
    .record(z.string().regex(/^\d+$/, "expected token ids"), z.number().min(-100).max(100))
    .nullish(),
  n: z.int().min(1).max(128).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().nullish(),
  /** As vLLM's: goes on behind the end of the answer. */
  ignore_eos: z.boolean().nullish(),
  /** As vLLM's: adds `token_ids` to the choices, and `prompt_token_ids`. */
  return_token_ids: z.boolean().nullish(),
  /** As llama.cpp's: false computes the whole prompt anew. */
  cache_prompt: z.boolean().nullish(),
};

const textPart = z.looseObject({ type: z.literal("text"), text: z.string() });
const content = z.union([z.string(), z.array(textPart)], {
  error: "expected a text or a list of parts of type text; images, sound and files are not supported",
});

const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: content.nullish(),
  name: z.string().nullish(),
  reasoning_content: z.string().nullish(),
});

export const chatSchema = z.looseObject({
  ...shared,
  messages: z.array(message).min(1),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  reasoning_effort: z.string().nullish(),
  /** Not OpenAI's: tokens of reasoning after which it is closed. */
  thinking_budget: z.int().min(0).nullish(),
  /** As vLLM's: variables of the template, such as `enable_thinking`. */
  chat_template_kwargs: z.record(z.string(), json).nullish(),
});
export type ChatRequest = z.infer<typeof chatSchema>;

const tokenIds = z.array(z.int().min(0)).min(1);
export const completionSchema = z.looseObject({
  ...shared,
  prompt: z.union([z.string(), tokenIds, z.array(z.string()).min(1), z.array(tokenIds).min(1)], {
    error: "expected a text, a list of token ids, or a list of either",
  }),
  max_tokens: z.int().min(0).nullish(),
  echo: z.boolean().nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
});
export type CompletionRequest = z.infer<typeof completionSchema>;

/** Fields that would change the answer and are not supported, with the values that ask for nothing. */
const refused: Readonly<Record<string, (value: unknown) => boolean>> = {
  tools: (value) => Array.isArray(value) && value.length === 0,
  tool_choice: (value) => value === "none" || value === "auto",
  functions: (value) => Array.isArray(value) && value.length === 0,
  function_call: (value) => value === "none" || value === "auto",
  response_format: (value) =>
    typeof value === "object" && value !== null && "type" in value && value.type === "text",
  modalities: (value) => Array.isArray(value) && value.every((one) => one === "text"),
  audio: () => false,
  prediction: () => false,
  web_search_options: () => false,
  suffix: (value) => value === "",
};

/** Checks a body. Throws ApiError with the field that is wrong, in OpenAI's shape. */
export function parseRequest<Schema extends z.ZodType<Readonly<Record<string, unknown>>>>(
  schema: Schema,
  body: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw fromIssues(parsed.error.issues);
  const fields: Readonly<Record<string, unknown>> = parsed.data;
  for (const [field, isHarmless] of Object.entries(refused)) {
    const value = fields[field];
    if (value === undefined || value === null || isHarmless(value)) continue;
    throw new ApiError(400, `"${field}" is not supported by this server; leave it out`, {
      param: field,
      code: "unsupported_parameter",
    });
  }
  const { n, best_of: bestOf } = fields;
  if (bestOf !== undefined && bestOf !== null && bestOf !== (n ?? 1)) {
    throw new ApiError(400, `"best_of" is not supported beyond "n"; leave it out`, { param: "best_of" });
  }
  return parsed.data;
}

function fromIssues(issues: readonly z.core.$ZodIssue[]): ApiError {
  const [issue] = issues;
  const param = issue?.path.map(String).join(".") ?? "";
  const what = issue?.message ?? "invalid";
  const where = param === "" ? "the request's body" : `"${param}"`;
  return new ApiError(400, `${where}: ${what}`, param === "" ? {} : { param });
}
