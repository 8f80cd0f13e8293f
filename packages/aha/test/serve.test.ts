/** The server from outside: OpenAI's own client and Vercel's AI SDK, unchanged, and what happens when things go wrong. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generator, noGrad, scope } from "@aha/torch";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import OpenAI from "openai";
import { freshAdapter } from "../src/lora/adapter.ts";
import { writeAdapter } from "../src/models/stored-adapter.ts";
import { type RunningServer, type ServeOptions, serve } from "../src/server/serve.ts";
import { generateCompletions } from "../src/tools/generate-completions.ts";
import { temporaryFolder, tinyModel, writeTinyModel } from "./helpers/tiny-model.ts";

const work = temporaryFolder("serve");
const folder = join(work, "tiny");
const adapterFolder = join(work, "adapter");
mkdirSync(folder);
writeTinyModel(folder);
const template =
  "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}" +
  "{% if add_generation_prompt %}Assistant: {% if enable_thinking is not defined or enable_thinking %}<think>\n{% endif %}{% endif %}";
writeFileSync(join(folder, "chat_template.jinja"), template);
writeTinyAdapter();

function writeTinyAdapter(): void {
  const model = tinyModel();
  const settings = { base: folder, rank: 4, alpha: 32, dropout: 0, rankStabilised: false };
  const adapter = freshAdapter(
    model.config,
    { ...settings, targetModules: "all-linear" },
    generator(5),
    "float32",
  );
  scope(() =>
    noGrad(() => {
      for (const { tensor, name } of adapter.matrices())
        if (name.includes("lora_B")) tensor.normal_(0, 0.3, { generator: generator(6) });
    }),
  );
  writeAdapter(adapterFolder, adapter);
  adapter.dispose();
  model.dispose();
}

function options(changes: Partial<ServeOptions> = {}, rows = 4): ServeOptions {
  return {
    inference: {
      folder,
      name: null,
      adapters: [{ name: "tuned", folder: adapterFolder }],
      dtype: "float32",
      device: "cpu",
      positions: null,
      rows,
      cacheBytes: 2 ** 30,
      threads: 1,
    },
    host: "127.0.0.1",
    port: 0,
    apiKey: null,
    queue: 64,
    chatTemplate: null,
    thinkingBudget: null,
    onError: (error) => assert.fail(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    ...changes,
  };
}

let server: RunningServer;
let openai: OpenAI;
before(async () => {
  server = await serve(options());
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
});
after(async () => {
  await server.close(0);
  rmSync(work, { recursive: true });
});

const ask = "Make 24 from 3, 8, 1.";
const messages = [{ role: "user" as const, content: ask }];
/** DeepSeek's extension, which OpenAI's types do not know. */
type WithReasoning = { reasoning_content?: string };

test("openai: a chat with reasoning, whole and streamed, n choices, usage", async () => {
  const body = {
    ...{ model: "tiny", messages, seed: 7, n: 2, temperature: 0.9, max_completion_tokens: 30 },
    ...{ thinking_budget: 6, top_k: 20 },
  };
  const whole = await openai.chat.completions.create(body);
  assert.equal(whole.object, "chat.completion");
  assert.deepEqual(
    whole.choices.map(({ index }) => index),
    [0, 1],
  );
  for (const { message, finish_reason } of whole.choices) {
    assert.ok(
      ((message as WithReasoning).reasoning_content ?? "").length > 0,
      "the prompt opens the reasoning",
    );
    assert.ok((message.content ?? "").length > 0, "the budget closes it");
    assert.ok(["stop", "length"].includes(finish_reason));
  }
  assert.notEqual(whole.choices[0]?.message.content, whole.choices[1]?.message.content);
  const { usage } = whole;
  const reasoned = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
  assert.ok(reasoned >= 12 && reasoned < (usage?.completion_tokens ?? 0));
  assert.equal(usage?.total_tokens, (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));

  const stream = await openai.chat.completions.create({
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  });
  const texts = ["", ""];
  const thoughts = ["", ""];
  const finishes: (string | null)[] = [null, null];
  let last = null;
  for await (const chunk of stream) {
    assert.equal(chunk.object, "chat.completion.chunk");
    last = chunk;
    for (const { index, delta, finish_reason } of chunk.choices) {
      texts[index] += delta.content ?? "";
      thoughts[index] += (delta as WithReasoning).reasoning_content ?? "";
      finishes[index] ??= finish_reason;
    }
  }
  assert.deepEqual(
    texts,
    whole.choices.map(({ message }) => message.content),
  );
  assert.deepEqual(
    thoughts,
    whole.choices.map(({ message }) => (message as WithReasoning).reasoning_content),
  );
  assert.deepEqual(
    finishes,
    whole.choices.map(({ finish_reason }) => finish_reason),
  );
  assert.equal(last?.usage?.completion_tokens, usage?.completion_tokens);
});

test("openai: log-probabilities, stop texts, penalties, and the template's variables", async () => {
  const body = {
    ...{ model: "tiny", messages, temperature: 0, max_tokens: 12 },
    chat_template_kwargs: { enable_thinking: false },
  };
  const { choices } = await openai.chat.completions.create({ ...body, logprobs: true, top_logprobs: 3 });
  const [choice = assert.fail("no choice")] = choices;
  assert.equal((choice.message as WithReasoning).reasoning_content, undefined);
  const content = choice.logprobs?.content ?? [];
  assert.ok(content.length > 0);
  for (const { token, logprob, top_logprobs: top } of content) {
    assert.deepEqual(
      [top.length, top[0]?.token, top[0]?.logprob],
      [3, token, logprob],
      "greedy takes the likeliest",
    );
  }
  const text = choice.message.content ?? "";
  const stop = text.slice(3, 5);
  const stopped = await openai.chat.completions.create({ ...body, stop: [stop] });
  assert.equal(stopped.choices[0]?.message.content, text.slice(0, text.indexOf(stop)));
  assert.equal(stopped.choices[0]?.finish_reason, "stop");
  const free = await openai.chat.completions.create({
    ...body,
    logit_bias: { 77: 100 },
    frequency_penalty: 0.1,
  });
  assert.notEqual(free.choices[0]?.message.content, text);
});

test("openai: a LoRA adapter by name, the list of models, and clear refusals", async () => {
  const models = await openai.models.list();
  assert.deepEqual(
    models.data.map(({ id }) => id),
    ["tiny", "tuned"],
  );
  assert.equal((await openai.models.retrieve("tuned")).id, "tuned");
  const from = async (model: string) =>
    (await openai.completions.create({ model, prompt: ask, temperature: 0, max_tokens: 8 })).choices[0]?.text;
  assert.notEqual(await from("tiny"), await from("tuned"));
  await assert.rejects(from("gpt-5"), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    assert.match(error.message, /tiny, tuned/);
    return true;
  });
  const refusals: [object, string | null, RegExp][] = [
    [{ messages: [] }, "messages", /./],
    [{ messages: [{ role: "king", content: "" }] }, "messages.0.role", /./],
    [{ messages, temperature: 3 }, "temperature", /2/],
    [{ messages, max_tokens: 1000 }, "max_tokens", /maximum context length is 128 tokens/],
    [{ messages, tools: [{ type: "function", function: { name: "f" } }] }, "tools", /not supported/],
    [{ messages, response_format: { type: "json_object" } }, "response_format", /not supported/],
    [{ messages, logit_bias: { 99999: 1 } }, "logit_bias", /99999/],
    [
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "" } }] }] },
      null,
      /parts of type text/,
    ],
  ];
  for (const [body, param, message] of refusals) {
    await assert.rejects(
      openai.chat.completions.create({
        model: "tiny",
        ...body,
      } as OpenAI.ChatCompletionCreateParamsNonStreaming),
      (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError, String(error));
        if (param !== null) assert.equal(error.param, param);
        assert.match(error.message, message);
        return true;
      },
    );
  }
  await assert.rejects(openai.embeddings.create({ model: "tiny", input: "a" }), /no embeddings/);
});

test("Vercel's AI SDK: text and reasoning, whole and streamed", async () => {
  const provider = createOpenAICompatible({ name: "aha", baseURL: `${server.url}/v1`, includeUsage: true });
  const asked = {
    model: provider("tiny"),
    prompt: ask,
    ...{ seed: 3, temperature: 0.8, maxOutputTokens: 30, maxRetries: 0 },
    providerOptions: { aha: { thinking_budget: 5 } },
  };
  const whole = await generateText(asked);
  assert.ok(whole.text.length > 0);
  assert.ok((whole.reasoningText ?? "").length > 0);
  assert.ok((whole.usage.outputTokens ?? 0) > 0);
  const stream = streamText(asked);
  let streamed = "";
  for await (const piece of stream.textStream) streamed += piece;
  assert.equal(streamed, whole.text);
  assert.equal(await stream.reasoningText, whole.reasoningText);
  assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
});

test("completions give what `aha generate` gives, greedy and by seed", async () => {
  for (const temperature of [0, 1]) {
    const expected = await generateCompletions({
      ...{ model: folder, prompt: { text: ask }, chat: false, samples: 3, dtype: "float32", device: "cpu" },
      sampling: { temperature, topP: 0.9, topK: 0, minP: 0, maxNewTokens: 24, seed: 11 },
    });
    const found = await openai.completions.create({
      ...{ model: "tiny", prompt: ask, temperature, top_p: 0.9, n: 3, seed: 11, max_tokens: 24 },
    });
    assert.deepEqual(
      found.choices.map(({ text }) => text),
      expected.map(({ text }) => text),
    );
  }
});

test("completions: echo with log-probabilities, token ids and lists of prompts, as lm-evaluation-harness asks", async () => {
  const body = { model: "tiny", temperature: 0, max_tokens: 1, logprobs: 1, echo: true, seed: 1 };
  const first = await openai.completions.create({ ...body, prompt: ask, return_token_ids: true } as never);
  const ids =
    (first as unknown as { choices: { prompt_token_ids: number[] }[] }).choices[0]?.prompt_token_ids ?? [];
  const both = await openai.completions.create({ ...body, prompt: [ids, ids.slice(0, 5)] });
  assert.deepEqual(
    both.choices.map(({ index }) => index),
    [0, 1],
  );
  both.choices.forEach(({ logprobs, text }, index) => {
    const length = index === 0 ? ids.length : 5;
    const scores = logprobs?.token_logprobs ?? [];
    const top = (logprobs?.top_logprobs ?? []) as (Record<string, number> | null)[];
    assert.equal(scores.length, length + 1);
    assert.equal(scores[0], null);
    assert.equal(top[0], null);
    // The harness tells greedy continuations so: the token's figure is the best one's.
    assert.equal(scores.at(-1), Math.max(...Object.values(top.at(-1) ?? {})));
    assert.equal(logprobs?.tokens?.join(""), text);
    assert.equal(logprobs?.text_offset?.[2], (logprobs?.tokens ?? []).slice(0, 2).join("").length);
  });
  assert.deepEqual(
    both.choices[1]?.logprobs?.token_logprobs?.slice(1, 5).map((value) => Number(value).toFixed(4)),
    both.choices[0]?.logprobs?.token_logprobs?.slice(1, 5).map((value) => Number(value).toFixed(4)),
  );
  const scored = await openai.completions.create({ ...body, prompt: ask, max_tokens: 0 } as never);
  assert.equal(scored.choices[0]?.text, ask);
  // Streamed, the pieces add up to the same.
  const stream = await openai.completions.create({ ...body, prompt: ask, max_tokens: 6, stream: true });
  const whole = await openai.completions.create({ ...body, prompt: ask, max_tokens: 6 });
  let [text, tokens]: [string, string[]] = ["", []];
  for await (const { choices } of stream) {
    text += choices[0]?.text ?? "";
    tokens = [...tokens, ...(choices[0]?.logprobs?.tokens ?? [])];
  }
  assert.equal(text, whole.choices[0]?.text);
  assert.deepEqual(tokens, whole.choices[0]?.logprobs?.tokens);
});

test("an answer is the same alone and among others", async () => {
  const one = { model: "tiny", messages, seed: 5, max_tokens: 40, thinking_budget: 8 };
  const alone = await openai.chat.completions.create(one);
  const crowd = Array.from({ length: 12 }, (_, index) =>
    openai.completions.create({
      model: "tiny",
      prompt: `${ask} ${index}`,
      seed: index,
      max_tokens: 10 + index,
    }),
  );
  const among = await openai.chat.completions.create(one);
  await Promise.all(crowd);
  assert.deepEqual(among.choices[0]?.message, alone.choices[0]?.message);
});

test("clients that go away leave nothing behind", async () => {
  const idle = (await server.statistics())?.liveTensors ?? assert.fail("no statistics");
  const body = { model: "tiny", messages, max_tokens: 60, ignore_eos: true, stream: true as const };
  await Promise.all(
    Array.from({ length: 24 }, async (_, index) => {
      const abort = new AbortController();
      try {
        // Some leave while they wait, some before the first token, some behind it.
        if (index % 3 === 0) setTimeout(() => abort.abort(), index);
        const stream = await openai.chat.completions.create(body, { signal: abort.signal });
        let seen = 0;
        for await (const _ of stream) if (++seen > index % 5) break;
      } catch (error) {
        assert.ok(error instanceof OpenAI.APIUserAbortError, String(error));
      }
    }),
  );
  for (let wait = 0; server.inFlight > 0 && wait < 100; wait++) await sleep(20);
  assert.equal(server.inFlight, 0);
  await sleep(50);
  const statistics = await server.statistics();
  assert.deepEqual([statistics?.active, statistics?.waiting], [0, 0]);
  // Each of the four rows may keep the logits after its prompt.
  assert.ok((statistics?.liveTensors ?? 0) <= idle + 4, `${statistics?.liveTensors} tensors, ${idle} before`);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.ok(Number(/^aha_disconnects_total (\d+)$/m.exec(metrics)?.[1]) > 0);
  assert.match(metrics, /^aha_time_to_first_token_seconds_bucket\{le="\+Inf"\} \d+$/m);
});

test("refuses pages of other names, bodies that are no JSON, and paths that are not there", async () => {
  const status = async (path: string, init: RequestInit = {}) =>
    (await fetch(`${server.url}${path}`, init)).status;
  assert.equal(await status("/health"), 200);
  assert.equal(await status("/v1/nothing"), 404);
  assert.equal(await status("/v1/chat/completions"), 405);
  const post = (body: string, type: string) => ({ method: "POST", body, headers: { "content-type": type } });
  assert.equal(await status("/v1/completions", post("{}", "text/plain")), 415);
  assert.equal(await status("/v1/completions", post("{", "application/json")), 400);
  assert.equal(await status("/v1/completions", post("[]", "application/json")), 400);
  const asOther = await new Promise<number | undefined>((resolve, reject) => {
    const { port } = new URL(server.url);
    const sent = httpRequest({ port, path: "/v1/models", headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject).end();
  });
  assert.equal(asOther, 403);
});

test("a key, a full queue, a broken inference process, and an orderly end", async () => {
  await assert.rejects(serve(options({ host: "0.0.0.0" })), /give an API key/);
  await assert.rejects(
    serve(options({ inference: { ...options().inference, folder: join(work, "none") } })),
    /no such folder/,
  );
  const small = await serve(options({ apiKey: "secret", queue: 1, onError: () => {} }, 1));
  const client = (apiKey: string) => new OpenAI({ baseURL: `${small.url}/v1`, apiKey, maxRetries: 0 });
  await assert.rejects(client("wrong").models.list(), OpenAI.AuthenticationError);
  const own = client("secret");
  const long = { model: "tiny", prompt: ask, max_tokens: 100, ignore_eos: true, stream: true as const };

  const running = await own.completions.create(long);
  const first = running[Symbol.asyncIterator]();
  await first.next();
  const waiting = own.completions.create({ ...long, stream: false, max_tokens: 2 });
  await sleep(30);
  await assert.rejects(own.completions.create(long), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError, String(error));
    assert.ok(Number(error.headers.get("retry-after")) >= 1);
    return true;
  });
  running.controller.abort();
  assert.equal((await waiting).usage?.completion_tokens, 2);

  const doomed = own.completions.create({ ...long, stream: false });
  await sleep(30);
  process.kill(small.inferenceProcessId ?? assert.fail("no process"), "SIGKILL");
  await assert.rejects(doomed, (error) => error instanceof OpenAI.APIError && error.status === 503);
  const healthy = async () => (await fetch(`${small.url}/health`)).status === 200;
  for (let wait = 0; !(await healthy()) && wait < 300; wait++) await sleep(50);
  const again = await own.completions.create({ ...long });
  let tokens = 0;
  const closing = small.close(10_000);
  for await (const { choices } of again) tokens += choices.length;
  assert.ok(tokens > 50, "what was begun is finished");
  await closing;
  await assert.rejects(own.models.list(), OpenAI.APIConnectionError);
});
