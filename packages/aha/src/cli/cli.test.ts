/** The command line from outside: exit codes, what is asked of the work, and what is printed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { describeError, isKnownError, UsageError } from "./cli-error.ts";
import { formatFindings } from "./commands/doctor.ts";
import { splitWords } from "./commands/evaluate-tasks.ts";
import { parseScoreLines } from "./commands/score.ts";
import { repeatSetFlag } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "aha-cli-"));
after(() => rmSync(folder, { recursive: true }));

/** Runs the program with work that prints what it is asked for instead of doing it. */
const program = `
import { runCommandLine } from ${JSON.stringify(new URL("./program.ts", import.meta.url).href)};
const show = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
const result = { status: "interrupted", runDirectory: "r", steps: 3, summary: null };
const work = {
  trainReinforcement: async (recipe, options) => (show({ steps: recipe.rl.steps, seed: recipe.seed, ...options }), result),
  pretrain: async () => result,
  generateCompletions: async (request) => (show(request), [{ text: "hi", promptTokenIds: [1], tokenIds: [2], logProbabilities: [-1], finish: "stop" }]),
  scoreLines: async function* (request, lines) { for await (const line of lines) yield { loss: 1, logprobs: [], line, ...request }; },
  evaluateModels: async (request) => (show(request), [{ folder: "e", reports: [{ accuracy: 0.5 }] }]),
  doctorReport: async () => [{ name: "LibTorch", status: "missing", detail: "none", remedy: "npm run setup" }],
};
const code = await runCommandLine(work, { argv: process.argv.slice(1), debug: false, writeError: (text) => process.stderr.write(text) });
if (code !== 0) process.exitCode = code;
`;

function aha(argv: readonly string[], input = "") {
  const flags = [
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "--eval",
    program,
    "--",
    ...argv,
  ];
  const { stdout, stderr, status } = spawnSync(process.execPath, flags, {
    encoding: "utf8",
    input,
    cwd: folder,
  });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{") || line.startsWith("["));
  return { stdout, stderr, status, json: lines.map((line) => JSON.parse(line)) };
}

const recipe = join(folder, "recipe.json");
writeFileSync(
  recipe,
  JSON.stringify({
    stage: "rl",
    name: "tiny",
    model: { path: "m" },
    task: { name: "countdown" },
    rl: { steps: 5 },
  }),
);

test("the program itself starts, and lists its commands", () => {
  const bin = fileURLToPath(new URL("../../bin/aha.mjs", import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, [bin, "--help"], { encoding: "utf8", cwd: folder });
  assert.equal(status, 0);
  for (const command of [
    "train",
    "pretrain",
    "generate",
    "score",
    "evaluate",
    "tasks",
    "verify",
    "run-tests",
    "decontaminate",
    "report",
    "doctor",
    "schema",
  ]) {
    assert.match(stdout, new RegExp(`^ {2}${command} `, "m"));
  }
});

test("training gets the recipe with its overrides; an interrupted run says how to go on", () => {
  const { json, stderr, status } = aha([
    "train",
    recipe,
    "--set",
    "rl.steps=7",
    "seed=3",
    "--set",
    "threads=1",
  ]);
  assert.deepEqual(json[0], { steps: 7, seed: 3, runDirectory: "runs/tiny", resume: false, json: false });
  assert.equal(status, 130);
  assert.match(
    stderr,
    /npx aha train \S+recipe\.json --set rl\.steps=7 --set seed=3 --set threads=1 --resume/,
  );
});

test("wrong use ends with 2, failures with 1 and a message without a stack", () => {
  const cases: Array<[string[], number, RegExp]> = [
    [["trian"], 2, /unknown command 'trian'[\s\S]*Did you mean train/],
    [["train"], 2, /missing required argument 'recipe'/],
    [["generate", "m", "hi", "--temperature", "warm"], 2, /Expected a number of at least 0/],
    [["generate", "m", "hi", "--greedy", "--temperature", "1"], 2, /contradict/],
    [["generate", "m", "hi", "--ids", "1,2"], 2, /not both/],
    [["generate", "m", "--ids", "1,x"], 2, /Expected a whole number/],
    [["pretrain", recipe], 2, /recipe of stage "rl"; run it by: aha train/],
    [["evaluate", "m"], 2, /no benchmark is named: give --task/],
    [
      ["evaluate", "m", "--task", "aime", "--judge", "http://j"],
      2,
      /--judge and --judge-model belong together/,
    ],
    [["evaluate", "--compare", "a"], 2, /takes two folders of results, got 1/],
    [["evaluate", "--table", "absent"], 1, /expected the folder of an evaluation/],
    [["train", "absent.ts"], 1, /absent\.ts: no such file/],
    [["train", recipe, "--set", "rl.stpes=1"], 1, /did you mean "steps"/],
    [["score", "m", "absent.jsonl"], 1, /ENOENT/],
    [["report", "absent"], 1, /holds no run/],
    [["doctor"], 1, /^$/],
  ];
  for (const [argv, code, expected] of cases) {
    const { status, stderr } = aha(argv);
    assert.equal(status, code, `${argv.join(" ")}: ${stderr}`);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  }
});

test("generate passes on what was asked for and prints JSON lines", () => {
  const argv = [
    "generate",
    "m",
    "--ids",
    "[1, 403]",
    "--greedy",
    "--max-new-tokens",
    "5",
    "--json",
    "--seed",
    "9",
  ];
  const { json } = aha(argv);
  assert.deepEqual(json[0].prompt, { ids: [1, 403] });
  assert.equal(json[0].sampling.temperature, 0);
  assert.equal(json[0].sampling.maxNewTokens, 5);
  assert.equal(json[0].sampling.seed, 9);
  assert.deepEqual(json[1], {
    text: "hi",
    prompt_token_ids: [1],
    token_ids: [2],
    logprobs: [-1],
    finish_reason: "stop",
  });
  assert.deepEqual(aha(["generate", "m", "two", "words"]).json[0].prompt, { text: "two words" });
  assert.deepEqual(aha(["generate", "m"], "piped\n").json[0].prompt, { text: "piped\n" });
});

test("score reads lines and names the one that is wrong", async () => {
  const { json, status } = aha(["score", "m"], '{"text": "a"}\n\n{"input_ids": [1, 2]}\n');
  assert.equal(status, 0);
  assert.deepEqual(
    json.map(({ line, dtype }) => [line, dtype]),
    [
      [{ line: 1, text: "a" }, "float32"],
      [{ line: 3, input_ids: [1, 2] }, "float32"],
    ],
  );
  for (const wrong of ["{", '{"txt": "a"}', '{"input_ids": [1.5]}', '{"input_ids": []}', "3"]) {
    await assert.rejects(
      collect(parseScoreLines(['{"text":"a"}', wrong], "in.jsonl")),
      /in\.jsonl:2: expected/,
    );
  }
});

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const found: Value[] = [];
  for await (const value of values) found.push(value);
  return found;
}

test("evaluate passes on the task's options", () => {
  const { json } = aha([
    "evaluate",
    "m",
    "--task",
    "countdown",
    "--task-option",
    "numbers=4",
    "--samples",
    "2",
    "--json",
  ]);
  assert.deepEqual(json[0].models, [{ folder: "m" }]);
  assert.deepEqual(json[0].tasks, [{ task: { numbers: 4, name: "countdown" } }]);
  assert.equal(json[0].samplesPerQuestion, 2);
  assert.deepEqual(json[1], { accuracy: 0.5 });
});

test("evaluate takes several benchmarks, servers, and the paper's protocol", () => {
  writeFileSync(
    join(folder, "suite.yaml"),
    "- {name: gsm8k, path: d, title: GSM8K, samples: 3, questions: 9}\n",
  );
  const { json, stderr } = aha([
    ...[
      "evaluate",
      "http://127.0.0.1:1/v1",
      "m",
      "--model-name",
      "r1",
      "--paper",
      "--questions",
      "5",
      "--json",
    ],
    ...["--task", "math path='my data' levels=[4,5] title=MATH", "--suite", join(folder, "suite.yaml")],
    ...["--judge", "http://j/v1", "--judge-model", "j", "--no-cache", "--published", "all"],
  ]);
  const [request] = json;
  assert.deepEqual(request?.models, [{ url: "http://127.0.0.1:1/v1", model: "r1" }, { folder: "m" }], stderr);
  assert.deepEqual(request.tasks, [
    { task: { path: "my data", levels: [4, 5], name: "math" }, title: "MATH", questions: 5 },
    { task: { name: "gsm8k", path: "d" }, title: "GSM8K", questions: 5, samplesPerQuestion: 3 },
  ]);
  assert.equal(request.samplesPerQuestion, "paper");
  assert.deepEqual(
    [request.sampling.temperature, request.sampling.topP, request.sampling.maxNewTokens],
    [0.6, 0.95, 32_768],
  );
  assert.equal(request.judge.model, "j");
  assert.equal("cache" in request, false);
  assert.ok(request.published.includes("DeepSeek-R1"));
  assert.deepEqual(splitWords(`a x="b c" y='d' z=["e","f"]`), ["a", "x=b c", "y=d", 'z=["e","f"]']);
});

test("--set takes several assignments, and leaves the recipe alone", () => {
  assert.deepEqual(repeatSetFlag(["train", "--set", "a=1", "b.c=2", "r.ts", "d=3"]), [
    ...["train", "--set", "a=1", "--set", "b.c=2", "r.ts", "d=3"],
  ]);
});

test("errors of our own show their message, a fault of the program its stack", () => {
  assert.equal(isKnownError(new UsageError("x")), true);
  assert.equal(isKnownError(new TypeError("x")), false);
  assert.doesNotMatch(describeError(new UsageError("x"), false), /^ {4}at /m);
  assert.match(describeError(new UsageError("x"), true), /^ {4}at /m);
  assert.match(describeError(new TypeError("x"), false), /please report[\s\S]*^ {4}at /m);
});

test("people get aligned text", () => {
  assert.equal(
    formatFindings([{ name: "gcc", status: "missing", detail: "none", remedy: "apt install g++" }]),
    "MISSING  gcc  none\n              → apt install g++\n",
  );
});
