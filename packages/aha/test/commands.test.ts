/** The commands from outside, end to end: generate, score, evaluate and doctor on tiny models, and their errors. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findStories260k, readStories260k } from "./helpers/stories260k.ts";
import { temporaryFolder, writeTinyModel } from "./helpers/tiny-model.ts";

const program = fileURLToPath(new URL("../bin/aha.mjs", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const tied = join(fixtures, "llama-tied");
const work = temporaryFolder("commands");
after(() => rmSync(work, { recursive: true }));
const tiny = join(work, "tiny");

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  readonly lines: readonly Record<string, unknown>[];
}

/** One thread: operators this small only wait for each other. */
const environment = { ...process.env, OMP_NUM_THREADS: "1" };

function aha(argv: readonly string[], input = ""): Outcome {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...argv], {
    encoding: "utf8",
    input,
    cwd: work,
    env: environment,
  });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  return { stdout, stderr, status, lines: lines.map((line) => JSON.parse(line)) };
}

interface FrozenCase {
  readonly inputIds: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly loss: number;
  readonly greedy: readonly number[];
}
const frozen = JSON.parse(readFileSync(join(fixtures, "families.json"), "utf8")) as {
  models: Record<string, { cases: readonly FrozenCase[] }>;
};
const cases = frozen.models["llama-tied"]?.cases ?? assert.fail("no frozen cases");

mkdirSync(tiny);
writeTinyModel(tiny);

test("generate --ids --greedy --json gives transformers' tokens, without any tokenizer", () => {
  const [one = assert.fail("no case")] = cases;
  const { lines, status, stderr } = aha([
    ...["generate", tied, "--ids", one.inputIds.join(","), "--greedy", "--json"],
    ...["--max-new-tokens", String(one.greedy.length), "--dtype", "float32"],
  ]);
  assert.equal(status, 0, stderr);
  const [line = assert.fail("no line")] = lines;
  assert.deepEqual(line.prompt_token_ids, one.inputIds);
  const found = line.token_ids as number[];
  assert.deepEqual(found, one.greedy.slice(0, found.length));
  assert.equal(line.finish_reason, found.length < one.greedy.length ? "stop" : "length");
  assert.equal(line.text, "");
  assert.ok((line.logprobs as number[]).every((value) => value <= 0));
});

test("generate streams the same text that --json gives, and a seed is repeated exactly", () => {
  const argv = [
    "generate",
    tiny,
    "User: Make 24 from 3, 8, 1. Assistant:",
    "--max-new-tokens",
    "20",
    "--seed",
    "5",
  ];
  const streamed = aha(argv);
  assert.equal(streamed.status, 0, streamed.stderr);
  const [json = assert.fail("no line")] = aha([...argv, "--json"]).lines;
  assert.equal(streamed.stdout, `${json.text}\n`);
  assert.equal((json.token_ids as number[]).length, 20);
  assert.notEqual(aha([...argv.slice(0, -1), "6"]).stdout, streamed.stdout);
});

test("generate draws several different samples; the tokens asked for are cut to the model's positions", () => {
  const argv = ["generate", tiny, "--ids", "5,6,7", "--samples", "3", "--json", "--max-new-tokens", "1000"];
  const { lines, status, stderr } = aha(argv);
  assert.equal(status, 0, stderr);
  assert.equal(new Set(lines.map(({ token_ids }) => String(token_ids))).size, 3);
  for (const { token_ids, finish_reason } of lines) {
    assert.equal((token_ids as number[]).length === 125, finish_reason === "length");
  }
});

test("generate --chat asks as the model's template says", () => {
  const folder = join(work, "chat");
  mkdirSync(folder);
  writeTinyModel(folder);
  writeFileSync(
    join(folder, "chat_template.jinja"),
    "User:{{ messages[0].content }}{% if add_generation_prompt %} Assistant:{% endif %}",
  );
  const argv = ["--greedy", "--json", "--max-new-tokens", "4"];
  const [chat = assert.fail("no line")] = aha(["generate", folder, " 5 + 6", "--chat", ...argv]).lines;
  const [text = assert.fail("no line")] = aha(["generate", folder, "User: 5 + 6 Assistant:", ...argv]).lines;
  assert.equal((chat.prompt_token_ids as number[]).length, 5);
  assert.deepEqual(chat, text);
});

test("score gives transformers' losses and log-probabilities, in order, for ids and for text", () => {
  const input = cases.map(({ inputIds }) => JSON.stringify({ input_ids: inputIds })).join("\n\n");
  const { lines, status, stderr } = aha(["score", tied], input);
  assert.equal(status, 0, stderr);
  assert.equal(lines.length, cases.length);
  cases.forEach(({ loss, logProbabilities }, index) => {
    const line = lines[index] ?? assert.fail("a line is missing");
    assert.ok(Math.abs((line.loss as number) - loss) < 1e-4);
    const found = line.logprobs as number[];
    assert.equal(found.length, logProbabilities.length);
    found.forEach((value, at) => {
      assert.ok(Math.abs(value - (logProbabilities[at] as number)) < 1e-4);
    });
  });

  const file = join(work, "lines.jsonl");
  writeFileSync(file, '{"text": " 5 + 6 = 11"}\n{"input_ids": [1, 2, 3]}\n');
  const text = aha(["score", tiny, file]);
  assert.equal(text.status, 0, text.stderr);
  assert.deepEqual(
    text.lines.map(({ logprobs }) => (logprobs as number[]).length),
    [4, 2],
  );
});

test("score names the line that is wrong, after answering those before it", () => {
  const good = '{"input_ids": [1, 2, 3]}\n\n';
  const wrong: Array<[string, string, RegExp]> = [
    [tiny, '{"text": " 5"}', /line 3: expected at least 2 tokens.*got 1/],
    [tiny, '{"text": ""}', /line 3: expected at least 2 tokens.*got 0/],
    [tied, '{"input_ids": [1, 64]}', /line 3: expected token ids of 0 … 63.*got 64/],
    [tied, `{"input_ids": [${new Array(129).fill(1)}]}`, /line 3: expected at most 128 tokens.*got 129/],
    [tied, '{"text": "a"}', /tokenizer\.json: expected this file, found none/],
    [tied, '{"ids": [1]}', /standard input:3: expected \{"text"/],
  ];
  for (const [model, line, expected] of wrong) {
    const { status, stderr, lines } = aha(["score", model], good + line);
    assert.equal(status, 1);
    assert.equal(lines.length, 1);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  }
});

test("evaluate measures Countdown on held-out questions, the same for the same seed", () => {
  const argv = [
    ...["evaluate", tiny, "--task", "countdown", "--questions", "5", "--samples", "2", "--json"],
    ...["--task-option", "heldOut=5", "--task-option", "train=1", "--max-new-tokens", "16"],
    ...["--no-cache", "--output", join(work, "evaluation")],
  ];
  const { lines, status, stderr } = aha(argv);
  assert.equal(status, 0, stderr);
  const [report = assert.fail("no report")] = lines;
  assert.equal(report.accuracy, 0);
  assert.equal(report.questions, 5);
  assert.equal(report.samples, 2);
  assert.equal(report.accuracy_low, 0);
  assert.ok((report.accuracy_high as number) > 0.1);
  assert.ok((report.mean_length as number) > 1);
  assert.equal(typeof (report.reflection as Record<string, number>).wait, "number");
  rmSync(join(work, "evaluation"), { recursive: true });
  const again = aha(argv).lines[0] ?? assert.fail("no report");
  for (const key of ["mean_length", "format", "reflection"]) assert.deepEqual(again[key], report[key]);
  const words = aha(argv.filter((word) => word !== "--json")).stdout;
  assert.match(words, /countdown +pass@1 +0\.0 % \[0\.0, /);
  assert.match(words, /questions +5 × 2\n/);
});

test("doctor prints its findings as JSON", () => {
  const { stdout, status } = aha(["doctor", "--json"]);
  const findings = JSON.parse(stdout) as { name: string; status: string }[];
  assert.ok(findings.some(({ name, status: found }) => name === "Node.js" && found === "ok"));
  assert.equal(status, findings.some(({ status: found }) => found === "missing") ? 1 : 0);
});

test("what is wrong is named, with what to do, and without a stack", () => {
  const broken = join(work, "broken");
  const empty = temporaryFolder("empty");
  after(() => rmSync(empty, { recursive: true }));
  const damaged = spawnSync("cp", ["-r", tiny, broken]);
  assert.equal(damaged.status, 0);
  truncateSync(join(broken, "model.safetensors"), 1000);
  const long = new Array(128).fill(1).join(",");
  const wrong: Array<[string[], number, RegExp]> = [
    [["generate", join(work, "absent"), "hi"], 1, /absent: no such folder\. Give the path/],
    [["score", join(work, "absent")], 1, /absent: no such folder/],
    [["generate", empty, "--ids", "1"], 1, /expected a config\.json in this folder/],
    [["generate", broken, "--ids", "1"], 1, /model\.safetensors.*expected .* got .*(damaged|cut off)/],
    [["generate", tied, "hello"], 1, /tokenizer\.json: expected this file, found none/],
    [["generate", tiny, "--ids", "1,384"], 1, /token id 384; this model knows 0 … 383/],
    [["generate", tiny, "--ids", long], 1, /128 tokens, but the model has 128 positions.*Shorten/],
    [["generate", tiny, "hi", "--chat"], 1, /expected a chat template, found none/],
    [["generate", tiny, ""], 1, /the prompt has no tokens/],
    [["generate", tiny, "hi", "--dtype", "float8"], 2, /float8.*Allowed choices are auto, float32, bfloat16/],
    [["evaluate", tiny, "--task", "countdwn"], 1, /nothing is called "countdwn"; did you mean "countdown"/],
    [["evaluate", tiny, "--task", "countdown", "--task-option", "numers=3"], 1, /did you mean "numbers"/],
    [
      [
        ...["evaluate", tiny, "--task", "countdown", "--max-new-tokens", "500", "--no-cache"],
        ...["--output", join(work, "halted")],
      ],
      1,
      /128 positions\. Lower maxNewTokens to/,
    ],
  ];
  for (const [argv, code, expected] of wrong) {
    const { status, stderr } = aha(argv);
    assert.equal(status, code, `${argv.join(" ").slice(0, 200)}: ${stderr}`);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /^ {4}at |should not happen/m);
  }
});

const stories = findStories260k();
test("the story model as a folder tells its story through the program", {
  skip: stories === null ? "no ../shared/data/models/stories260k" : false,
}, async () => {
  const { Llama } = await import("../src/models/llama.ts");
  const { weightsFromArrays } = await import("../src/models/llama-weights.ts");
  const { saveModel } = await import("../src/models/load-model.ts");
  const { config, weights, decode, expectedText } = readStories260k(stories ?? "");
  const folder = join(work, "stories");
  const arrays = new Map([...weights].map(([name, { values }]) => [name, values]));
  const model = new Llama(config, weightsFromArrays(config, arrays));
  saveModel(folder, model, {
    tokenizerFolder: null,
    generation: { ...config, temperature: null, topP: null, topK: null, minP: null },
    card: { title: "stories260k", description: "Karpathy's 260K-parameter story model." },
  });
  model.dispose();
  const { lines, stderr } = aha([
    ...["generate", folder, "--ids", "1", "--greedy", "--max-new-tokens", "200", "--json"],
  ]);
  assert.equal(decode((lines[0]?.token_ids as number[] | undefined) ?? []), expectedText, stderr);
});
