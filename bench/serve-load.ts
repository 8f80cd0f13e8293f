/** `node --import tsx bench/serve-load.ts`: how soon tokens come when 1, 8 and 64 clients ask at once, and whether anything is left behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readEvents } from "../packages/aha/src/chat/read-events.ts";
import { randomStream } from "../packages/aha/src/rollout/seeds.ts";
import { percentile } from "./percentile.ts";

const workspace = resolve(import.meta.dirname, "..");
const help = `node --import tsx bench/serve-load.ts [options]
  --model folder       default .aha/models/SmolLM2-135M-Instruct
  --dtype type         auto, float32 or bfloat16 (default bfloat16)
  --threads N          of LibTorch (default: its own choice)
  --clients list       default 1,8,64
  --requests N         a client (default 3; the first of each is not counted)
  --prompt-words N     default 40
  --new-tokens N       default 48
  --context N          longest prompt and answer together (default 1024)
  --leak N             requests of which most break off (default 1000; 0: none)
  --out file           writes the figures as JSON`;

const options = {
  help: { type: "boolean" },
  model: { type: "string", default: ".aha/models/SmolLM2-135M-Instruct" },
  dtype: { type: "string", default: "bfloat16" },
  threads: { type: "string" },
  clients: { type: "string", default: "1,8,64" },
  requests: { type: "string", default: "3" },
  "prompt-words": { type: "string", default: "40" },
  "new-tokens": { type: "string", default: "48" },
  context: { type: "string", default: "1024" },
  leak: { type: "string", default: "1000" },
  out: { type: "string" },
} as const;

interface Server {
  readonly url: string;
  readonly child: ChildProcess;
}

/** Starts `aha serve` on loopback, and waits until it listens. */
async function startServer(words: readonly string[]): Promise<Server> {
  const program = join(workspace, "packages/aha/bin/aha.mjs");
  const child = spawn(process.execPath, [program, "serve", ...words, "--port", "0"], {
    stdio: ["ignore", "inherit", "pipe"],
    cwd: workspace,
  });
  let said = "";
  const url = await new Promise<string>((resolveUrl, reject) => {
    child.on("exit", () => reject(new Error(`the server did not start:\n${said}`)));
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      said += piece;
      const match = /listening on (http:\S+)\/v1/.exec(said);
      if (match !== null) resolveUrl(match[1] as string);
    });
  });
  return { url, child };
}

/** What one request felt like, in milliseconds. */
interface Felt {
  readonly first: number;
  readonly between: readonly number[];
}

/** Asks and reads the stream; leaves after `leaveAfter` events, where that is given. */
async function ask(url: string, body: object, leaveAfter = Number.POSITIVE_INFINITY): Promise<Felt> {
  const abort = new AbortController();
  const start = performance.now();
  const times: number[] = [];
  if (leaveAfter < 0) setTimeout(() => abort.abort(), -leaveAfter);
  try {
    const response = await fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        ...body,
        stream: true,
        return_token_ids: true,
        ignore_eos: true,
        cache_prompt: false,
      }),
      signal: abort.signal,
    });
    if (!response.ok || response.body === null)
      throw new Error(`${response.status}: ${await response.text()}`);
    for await (const data of readEvents(response.body)) {
      if (data === "[DONE]") break;
      times.push(performance.now());
      if (times.length >= leaveAfter && leaveAfter >= 0) {
        abort.abort();
        break;
      }
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
  const between = times.slice(1).map((time, index) => time - (times[index] as number));
  return { first: (times[0] ?? performance.now()) - start, between };
}

/** Another prompt each time, so that nothing is taken over from an earlier one. */
function promptMaker(words: number): () => string {
  const random = randomStream(1n);
  const list =
    "the a small old river stone light under over runs stands near garden while quiet green paper seven window".split(
      " ",
    );
  return () => Array.from({ length: words }, () => list[Math.floor(random() * list.length)]).join(" ");
}

interface LoadResult {
  readonly clients: number;
  readonly requests: number;
  readonly tokensPerSecond: number;
  readonly first: { readonly p50: number; readonly p99: number };
  readonly between: { readonly p50: number; readonly p99: number };
}

/** So many clients, each asking one request after the other. */
async function load(
  url: string,
  clients: number,
  requests: number,
  newTokens: number,
  prompt: () => string,
): Promise<LoadResult> {
  const body = () => ({ prompt: prompt(), max_tokens: newTokens, temperature: 1 });
  // Shapes that LibTorch meets for the first time cost it a compilation.
  await Promise.all(Array.from({ length: clients }, () => ask(url, { ...body(), max_tokens: 4 })));
  const felt: Felt[] = [];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let count = 0; count < requests; count++) felt.push(await ask(url, body()));
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const of = (values: readonly number[]) => ({ p50: percentile(values, 0.5), p99: percentile(values, 0.99) });
  return {
    clients,
    requests: felt.length,
    tokensPerSecond: (felt.length * newTokens) / seconds,
    first: of(felt.map(({ first }) => first)),
    between: of(felt.flatMap(({ between }) => between)),
  };
}

/** One of the server's metrics. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{\\})? (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

/** Mebibytes that a process and its children hold in memory. */
function residentMegabytes(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((one) => one !== "");
  const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  return children.reduce((sum, child) => sum + residentMegabytes(Number(child)), own);
}

interface LeakResult {
  readonly requests: number;
  readonly disconnects: number;
  readonly liveTensors: { readonly before: number; readonly after: number };
  readonly sequencesLeft: number;
  readonly megabytes: readonly number[]; // after each tenth
}

/** Requests of which most break off: while they wait, before the first token, or behind some. */
async function leak({ url, child }: Server, requests: number, prompt: () => string): Promise<LeakResult> {
  const random = randomStream(2n);
  const megabytes: number[] = [];
  const before = await metric(url, "aha_live_tensors");
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < requests) {
      next++;
      if (next % Math.ceil(requests / 10) === 0) megabytes.push(residentMegabytes(child.pid ?? 0));
      const draw = random();
      const leaveAfter =
        draw < 0.3
          ? -1 - 200 * random()
          : draw < 0.8
            ? 1 + Math.floor(6 * random())
            : Number.POSITIVE_INFINITY;
      // Long enough that the answer is still going on when its client leaves.
      const newTokens = leaveAfter === Number.POSITIVE_INFINITY ? 8 : 64;
      await ask(url, { prompt: prompt(), max_tokens: newTokens }, leaveAfter);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  const left = async () =>
    (await metric(url, "aha_sequences_running")) + (await metric(url, "aha_sequences_waiting"));
  for (let wait = 0; (await left()) > 0 && wait < 100; wait++) await new Promise((go) => setTimeout(go, 50));
  return {
    requests,
    disconnects: await metric(url, "aha_disconnects_total"),
    liveTensors: { before, after: await metric(url, "aha_live_tensors") },
    sequencesLeft: await left(),
    megabytes,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help === true) {
    console.log(help);
    return;
  }
  const clients = values.clients.split(",").map(Number);
  const server = await startServer([
    ...[values.model, "--dtype", values.dtype, "--context", values.context, "--queue", "256"],
    ...["--sequences", String(Math.max(16, ...clients))],
    ...(values.threads === undefined ? [] : ["--threads", values.threads]),
  ]);
  try {
    const prompt = promptMaker(Number(values["prompt-words"]));
    const results: LoadResult[] = [];
    console.log(
      "| clients | first token p50, p99 (ms) | between tokens p50, p99 (ms) | tokens/s |\n|---|---|---|---|",
    );
    for (const count of clients) {
      const result = await load(
        server.url,
        count,
        Number(values.requests),
        Number(values["new-tokens"]),
        prompt,
      );
      results.push(result);
      const { first, between, tokensPerSecond } = result;
      const pair = ({ p50, p99 }: { p50: number; p99: number }) => `${p50.toFixed(0)}, ${p99.toFixed(0)}`;
      console.log(`| ${count} | ${pair(first)} | ${pair(between)} | ${tokensPerSecond.toFixed(1)} |`);
    }
    const leaked = Number(values.leak) > 0 ? await leak(server, Number(values.leak), prompt) : null;
    if (leaked !== null) {
      const { requests, disconnects, liveTensors, sequencesLeft, megabytes } = leaked;
      console.log(
        `\n${requests} requests, ${disconnects} broken off: ${liveTensors.before} tensors before, ${liveTensors.after} after; ` +
          `${sequencesLeft} sequences left; MiB in memory: ${megabytes.map((value) => value.toFixed(0)).join(" ")}`,
      );
    }
    if (values.out === undefined) return;
    mkdirSync(resolve(values.out, ".."), { recursive: true });
    const machine = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`;
    writeFileSync(
      values.out,
      `${JSON.stringify({ machine, settings: values, results, leak: leaked }, null, 2)}\n`,
    );
  } finally {
    server.child.kill("SIGTERM");
  }
}

await main();
