/** `aha verify`, `run-tests`, `tasks` and `decontaminate` from outside, with the verifiers themselves. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./helpers/tiny-model.ts";

const program = fileURLToPath(new URL("../bin/aha.mjs", import.meta.url));
const fixtures = fileURLToPath(new URL("../src/tasks/fixtures/", import.meta.url));
const work = temporaryFolder("verifier-commands");
after(() => rmSync(work, { recursive: true }));

function aha(argv: readonly string[], input = "") {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...argv], {
    encoding: "utf8",
    input,
    cwd: work,
  });
  return { stdout, stderr, status, rows: rowsOf(stdout) };
}

const rowsOf = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

const written = (name: string, rows: readonly unknown[]): string => {
  writeFileSync(join(work, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return join(work, name);
};

test("verify judges one pair; its exit code says whether it is right", () => {
  const cases: ReadonlyArray<readonly [argv: string[], outcome: string, status: number]> = [
    [["1/2", "so it is \\boxed{0.5}"], "correct", 0],
    [["-5", "-5"], "correct", 0],
    [["7", "\\boxed{8}"], "wrong", 1],
    [["5 \\text{ cm}", "5", "--units", "kept"], "wrong", 1],
  ];
  for (const [argv, outcome, status] of cases) {
    const result = aha(["verify", ...argv]);
    assert.equal(result.rows[0]?.outcome, outcome, result.stderr);
    assert.equal(result.status, status);
    assert.equal(typeof result.rows[0]?.how, "string");
  }
  const gold = aha(["verify", "", "5"]);
  assert.deepEqual([gold.status, gold.stdout], [1, ""]);
  assert.match(gold.stderr, /gold answer .* cannot be used/);
  assert.doesNotMatch(gold.stderr, /^ {4}at |should not happen/m);
  for (const wrong of [["verify"], ["verify", "5"], ["verify", "5", "5", "--jsonl", "-"]]) {
    assert.equal(aha(wrong).status, 2, wrong.join(" "));
  }
});

test("verify --jsonl gives every row back in order, tells the bad ones, and fails for them", () => {
  const rows = Array.from({ length: 40 }, (_, id) => ({
    id,
    gold: id,
    prediction: `It is \\boxed{${id % 10}}`,
  }));
  const input = `${rows.map((row) => JSON.stringify(row)).join("\n")}\n{"gold": "1"}\n{oops\n`;
  const { rows: out, stderr, status } = aha(["verify", "--jsonl", "-"], input);
  assert.equal(out.length, 42);
  assert.deepEqual(
    out.slice(0, 40).map(({ id, outcome }) => [id, outcome]),
    rows.map(({ id }) => [id, id < 10 ? "correct" : "wrong"]),
  );
  assert.deepEqual(
    out.slice(40).map(({ outcome }) => outcome),
    ["error", "error"],
  );
  assert.match(stderr, /42 rows in .*correct 10/);
  assert.match(stderr, /standard input:41: expected "prediction"/);
  assert.match(stderr, /standard input:42: expected JSON/);
  assert.equal(status, 1);
});

test("verify --out writes a file, made anew; an input that is not there leaves it as it was", () => {
  const input = written("pairs.jsonl", [{ gold: "x^2", prediction: "x \\cdot x" }]);
  const out = join(work, "out.jsonl");
  writeFileSync(out, "before\n");
  const absent = aha(["verify", "--jsonl", join(work, "absent.jsonl"), "--out", out]);
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /ENOENT/);
  assert.equal(readFileSync(out, "utf8"), "before\n");
  const done = aha(["verify", "--jsonl", input, "--out", out]);
  assert.deepEqual([done.status, done.stdout], [0, ""]);
  assert.equal(rowsOf(readFileSync(out, "utf8"))[0]?.outcome, "correct");
  const same = aha(["verify", "--jsonl", input, "--out", input]);
  assert.equal(same.status, 2);
  assert.match(same.stderr, /is the input itself/);
  assert.equal(rowsOf(readFileSync(input, "utf8")).length, 1);
});

test("Ctrl-C ends a stream that goes on for ever; what was judged is written", async () => {
  const out = join(work, "interrupted.jsonl");
  const child = spawn(process.execPath, [program, "verify", "--jsonl", "-", "--out", out], { cwd: work });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stdin.on("error", () => {}); // The pipe breaks when the reader ends.
  const pair = JSON.stringify({ gold: "3", prediction: "3" });
  const feeding = setInterval(() => child.stdin.write(`${pair}\n`), 5);
  const exit = once(child, "exit");
  const seen = (): number => {
    try {
      return rowsOf(readFileSync(out, "utf8")).length;
    } catch {
      return 0; // Not made yet.
    }
  };
  while (seen() < 5 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGINT");
  const [code] = await exit;
  clearInterval(feeding);
  assert.equal(code, 130, said);
  assert.match(said, /stopped by Ctrl-C/);
  const rows = readFileSync(out, "utf8");
  assert.ok(rows.endsWith("}\n"), "no half row");
  assert.ok(rowsOf(rows).every(({ outcome }) => outcome === "correct"));
});

test("run-tests runs programs in a sandbox, in several languages", () => {
  const tests = [{ function: "twice", arguments: [4], expected: 8 }];
  const input = written("programs.jsonl", [
    {
      id: 1,
      language: "python",
      program: "def twice(x):\n    return 2 * x",
      tests: ["assert twice(2) == 4"],
    },
    { id: 2, language: "javascript", program: "function twice(x) { return x + 2 }", tests },
    { id: 3, language: "typescript", program: "function twice(x: number): number { return 2 * x }", tests },
    { id: 4, language: "python", program: "print(int(input()) * 2)", tests: [{ stdin: "4\n", stdout: "8" }] },
    { id: 5, language: "python", program: "while True: pass", tests: [{ stdin: "", stdout: "" }] },
    { id: 6, language: "cobol", program: "", tests },
    { id: 7, language: "python", program: "", tests: [] },
  ]);
  const { rows, status, stderr } = aha(["run-tests", "--jsonl", input, "--wall-seconds", "1"]);
  assert.deepEqual(
    rows.map(({ id, outcome }) => [id, outcome]),
    [
      [1, "correct"],
      [2, "wrong"],
      [3, "correct"],
      [4, "correct"],
      [5, "timeout"],
      [6, "error"],
      [7, "error"],
    ],
    stderr,
  );
  assert.deepEqual([rows[0]?.passed, rows[0]?.total], [1, 1]);
  assert.equal(typeof rows[0]?.sandbox, "string");
  assert.equal(status, 1);
  assert.match(stderr, /programs\.jsonl:6: .*language/);
});

test("tasks lists every task; show prints questions, golds and what the rewards say", () => {
  const { stdout } = aha(["tasks"]);
  for (const name of ["countdown", "gsm8k", "math", "aime", "mmlu", "humaneval", "mbpp", "codeforces"]) {
    assert.match(stdout, new RegExp(`^${name} `, "m"));
  }
  assert.match(aha(["tasks", "--options"]).stdout, /^ {4}levels: list of integer\. /m);
  const listed = JSON.parse(aha(["tasks", "--json"]).stdout) as { name: string }[];
  assert.ok(listed.some(({ name }) => name === "knights-and-knaves"));
  const argv = ["tasks", "show", "gsm8k", "--path", join(fixtures, "gsm8k"), "--count", "9"];
  const shown = aha(argv);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /^gsm8k: 5 training questions, 2 held out; rewards: accuracy, format\nnote: 1 /);
  assert.match(shown.stdout, /User: Cleo reads 9 pages[\s\S]*--- gold\n63\n--- a right answer/);
  assert.match(shown.stdout, /accuracy 1 \(correct\)[\s\S]*--- a wrong answer[\s\S]*accuracy 0 \(wrong\)/);
  const shownRows = aha([...argv, "--json", "--split", "train", "--option", "prompt=chat"]).rows;
  assert.ok(shownRows.some(({ prompt }) => /^\[user\] Ada has 3 pens/.test(String(prompt))));
  const broken = aha(["tasks", "show", "gsm8k", "--path", join(fixtures, "gsm8k-broken.jsonl")]);
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /2 of 3 rows cannot be used/);
  assert.doesNotMatch(broken.stderr, /^ {4}at |should not happen/m);
  const unknown = aha(["tasks", "show", "gsm9k", "--path", "x"]);
  assert.match(unknown.stderr, /did you mean "gsm8k"/);
  const option = aha(["tasks", "show", "math", "--path", "x", "--option", "level=[5]"]);
  assert.match(option.stderr, /did you mean "levels"/);
});

test("decontaminate keeps what shares nothing, and says what the others share", () => {
  const copied =
    "In a certain village each of the twelve bakers sells exactly forty loaves of bread every day";
  const train = written("train.jsonl", [
    { question: `${copied.toUpperCase()}!! How many is that?`, answer: "#### 480" },
    { question: "What is 3 + 4?", answer: "#### 7" },
    { question: "Another question of its own, with enough words to be compared by ten", answer: "#### 1" },
  ]);
  const exam = written("exam.jsonl", [{ problem: `${copied}. How many loaves are sold?`, answer: "480" }]);
  const kept = join(work, "kept.jsonl");
  const { status, stderr } = aha(["decontaminate", "--train", train, "--against", exam, "--out", kept]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    rowsOf(readFileSync(kept, "utf8")).map(({ answer }) => answer),
    ["#### 7", "#### 1"],
  );
  const [dropped] = rowsOf(readFileSync(join(work, "kept.dropped.jsonl"), "utf8"));
  assert.equal(dropped?.dropped, `${train}:1`);
  assert.deepEqual(dropped?.matches, [
    { set: exam, item: `${exam}:1`, shared: "in a certain village each of the twelve bakers sells" },
  ]);
  assert.match(stderr, /kept 2 {2}dropped 1/);
  const fewer = aha([
    ...["decontaminate", "--train", train, "--against", exam, "--out", kept, "--words", "30"],
    ...["--report", join(work, "report.jsonl")],
  ]);
  assert.match(fewer.stderr, /kept 3/);
  const none = aha(["decontaminate", "--train", train, "--against", exam, "--out", kept, "--column", "text"]);
  assert.equal(none.status, 1);
  assert.match(none.stderr, /expected rows with text in a column text/);
  assert.equal(rowsOf(readFileSync(kept, "utf8")).length, 3, "what was written before stays");
});

test("doctor says which sandbox is there", () => {
  const findings = JSON.parse(aha(["doctor", "--json"]).stdout) as { name: string; detail: string }[];
  assert.match(findings.find(({ name }) => name === "sandbox")?.detail ?? "", /bubblewrap/);
});
