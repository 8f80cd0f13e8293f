/** The tasks on rows made up in each dataset's form: what is read, asked, held out, refused, and how it is judged. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DataError } from "../data/data-error.ts";
import { RewardScorer } from "../training/reward-scorer.ts";
import { aime } from "./aime.ts";
import { codeforces } from "./codeforces.ts";
import { countdownTask } from "./countdown-task.ts";
import { TaskDataError } from "./data-task.ts";
import { gsm8k } from "./gsm8k.ts";
import { humaneval } from "./humaneval.ts";
import { knightsAndKnaves } from "./knights-and-knaves.ts";
import { math } from "./math.ts";
import { mbpp } from "./mbpp.ts";
import { mmlu } from "./mmlu.ts";
import { prompts } from "./prompts.ts";
import type { Judgement, Question, Task } from "./task.ts";
import { TaskOptionsError } from "./task-source.ts";

const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);
const scratch = mkdtempSync(join(tmpdir(), "aha-tasks-"));
after(() => rmSync(scratch, { recursive: true }));

function written(name: string, rows: readonly unknown[]): string {
  const path = join(scratch, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

async function judge(task: Task, question: Question, text: string): Promise<Record<string, Judgement>> {
  const completion = { sample: 0, tokenIds: [], logProbabilities: new Float32Array(), text };
  const scored = await new RewardScorer(task.rewards).score(question, { ...completion, finish: "stop" });
  return { ...scored.breakdown };
}

/** The question whose prompt speaks of something: the order is by hash. */
function about(questions: readonly Question[], word: string): Question {
  return (
    questions.find(({ prompt }) => JSON.stringify(prompt).includes(word)) ?? assert.fail(`none about ${word}`)
  );
}

const golds = (questions: readonly Question[]) => questions.map(({ columns }) => columns.gold).sort();

/** Every question's own right answer is right, and its wrong one is not. */
async function assertDemonstrations(task: Task): Promise<void> {
  const questions = [...task.train, ...task.heldOut];
  assert.ok(questions.length > 0);
  for (const question of questions) {
    const { right, wrong } = task.demonstrate?.(question) ?? assert.fail("no demonstration");
    if (right !== null) {
      const { accuracy, format } = await judge(task, question, right);
      assert.equal(accuracy?.outcome, "correct", `${question.id}: ${accuracy?.detail}`);
      assert.equal(accuracy?.value, 1);
      if (format !== undefined) assert.equal(format.value, 1, format.detail);
    }
    const { accuracy } = await judge(task, question, wrong);
    assert.notEqual(accuracy?.outcome, "correct", question.id);
    assert.notEqual(accuracy?.outcome, "error", accuracy?.detail);
    assert.equal(accuracy?.value, 0);
  }
}

test("GSM8K: the gold stands behind ####, the test split is held out, columns are carried", async () => {
  const task = await gsm8k({ path: fixture("gsm8k") }).load();
  assert.deepEqual(golds(task.heldOut), ["14", "63"]);
  assert.equal(task.train.length, 5, "the question that is held out too does not train");
  assert.match(task.notes?.join() ?? "", /1 training questions are held out too/);
  const first = about(task.train, "Ada");
  assert.match(String(first.columns.answer), /<<3\+4=7>>/);
  assert.match(
    String(first?.prompt),
    /^A conversation between User and Assistant[\s\S]*User: Ada has 3 pens/,
  );
  assert.match(String(first.prompt), /\\boxed\{\}\.\nAssistant:$/);
  await assertDemonstrations(task);
});

test("an answer counts only behind the thinking, and several that disagree do not count", async () => {
  const task = await gsm8k({ path: fixture("gsm8k") }).load();
  const question = about(task.train, "Ada");
  const cases: ReadonlyArray<readonly [completion: string, outcome: string]> = [
    ["<think>3 + 4</think> <answer>7</answer>", "correct"],
    ["<think>so \\boxed{7}</think> <answer>It is \\boxed{7}.</answer>", "correct"],
    ["<think>so \\boxed{7}</think> <answer>It is \\boxed{8}.</answer>", "wrong"],
    ["<think>a</think><answer>8</answer><answer>7</answer>", "wrong"],
    ["<think>so \\boxed{7}", "unparsed"],
    ["<think><answer>7</answer>", "unparsed"],
    ["The answer is \\boxed{7}.", "unparsed"],
    ["", "unparsed"],
  ];
  for (const [completion, outcome] of cases) {
    const { accuracy } = await judge(task, question, completion);
    assert.equal(accuracy?.outcome, outcome, `${completion}: ${accuracy?.detail}`);
  }
});

test("the prompt's form is chosen: a chat turn, or the question alone", async () => {
  const chat = await gsm8k({ path: fixture("gsm8k"), prompt: "chat" }).load();
  const question = about(chat.train, "Ada");
  assert.deepEqual(question.prompt, [
    {
      role: "user",
      content:
        "Ada has 3 pens and buys 4 more. How many pens does she have?\n" +
        "Please reason step by step, and put your final answer within \\boxed{}.",
    },
  ]);
  assert.deepEqual(
    chat.rewards.map(({ name }) => name),
    ["accuracy"],
  );
  for (const completion of [
    "<think>It is 5.</think>So \\boxed{7}.",
    "It is 5.</think>\\boxed{7}",
    "\\boxed{7}",
  ]) {
    assert.equal((await judge(chat, question, completion)).accuracy?.outcome, "correct", completion);
  }
  assert.equal((await judge(chat, question, "<think>\\boxed{7}")).accuracy?.outcome, "unparsed");
  const plain = await gsm8k({ path: fixture("gsm8k"), prompt: "plain" }).load();
  assert.match(String(about(plain.train, "Ada").prompt), /^Ada has/);
  const opened = await gsm8k({ path: fixture("gsm8k"), promptOpensThinking: true }).load();
  assert.match(String(opened.train[0]?.prompt), /<think>\n$/);
  await assertDemonstrations(opened);
  await assertDemonstrations(
    await gsm8k({ path: fixture("gsm8k"), prompt: "chat", format: "think-summary" }).load(),
  );
});

test("golds that cannot be used stop the load, named with file and line; or are dropped and counted", async () => {
  const path = fixture("gsm8k-broken.jsonl");
  await assert.rejects(gsm8k({ path }).load(), (error: unknown) => {
    assert.ok(error instanceof TaskDataError);
    assert.match(error.message, /2 of 3 rows/);
    assert.match(error.message, /gsm8k-broken\.jsonl:2: .*gold/);
    assert.match(error.message, /gsm8k-broken\.jsonl:3: expected the answer/);
    assert.match(error.message, /unparsedGold/);
    return true;
  });
  const task = await gsm8k({ path, unparsedGold: "drop", heldOutOneIn: 0 }).load();
  assert.equal(task.train.length, 1);
  assert.match(task.notes?.join() ?? "", /2 of 3 rows were left out/);
  const none = written("none.jsonl", [{ question: "a", answer: "" }]);
  await assert.rejects(gsm8k({ path: none, unparsedGold: "drop" }).load(), TaskDataError);
});

test("data of one split is divided by a hash of the question: the same side whatever else is there", async () => {
  const rows = Array.from({ length: 200 }, (_, index) => ({
    question: `${index} + 1?`,
    answer: String(index + 1),
  }));
  const whole = await gsm8k({ path: written("whole.jsonl", rows) }).load();
  const half = await gsm8k({ path: written("half.jsonl", rows.slice(100).reverse()) }).load();
  assert.equal(whole.train.length + whole.heldOut.length, 200);
  assert.ok(whole.heldOut.length > 8 && whole.heldOut.length < 40);
  const heldOut = new Set(whole.heldOut.map(({ id }) => id));
  for (const { id } of half.heldOut) assert.ok(heldOut.has(id));
  for (const { id } of half.train) assert.ok(!heldOut.has(id));
  const all = await gsm8k({ path: written("whole.jsonl", rows), heldOutOneIn: 1, heldOut: 7 }).load();
  assert.deepEqual([all.train.length, all.heldOut.length], [0, 7]);
  const elsewhere = await gsm8k({ path: written("whole.jsonl", rows), heldOutPath: fixture("gsm8k") }).load();
  assert.deepEqual([elsewhere.train.length, elsewhere.heldOut.length], [200, 2]);
  const cut = await gsm8k({
    path: fixture("gsm8k"),
    trainSplit: "train[:2]",
    heldOutSplit: "test[1:]",
  }).load();
  assert.deepEqual([cut.train.length, cut.heldOut.length], [2, 1]);
});

test("questions that come twice keep both, under ids of their own and on one side", async () => {
  const rows = Array.from({ length: 40 }, (_, index) => ({ question: `${index % 20} + 1?`, answer: "1" }));
  const task = await gsm8k({ path: written("twice.jsonl", rows), heldOutOneIn: 2 }).load();
  const ids = [...task.train, ...task.heldOut].map(({ id }) => id);
  assert.equal(new Set(ids).size, 40);
  const side = (questions: readonly Question[]) => new Set(questions.map(({ id }) => id.replace("#2", "")));
  const [train, heldOut] = [side(task.train), side(task.heldOut)];
  for (const id of train) assert.ok(!heldOut.has(id));
});

test("MATH: levels and subjects choose rows; golds come from the answer or the solution's box", async () => {
  const all = await math({ path: fixture("math.jsonl"), heldOutOneIn: 0 }).load();
  assert.equal(all.train.length, 4);
  await assertDemonstrations(all);
  const hard = await math({ path: fixture("math.jsonl"), heldOutOneIn: 0, levels: [5] }).load();
  assert.equal(hard.train.length, 2);
  const algebra = await math({ path: fixture("math.jsonl"), heldOutOneIn: 0, subjects: ["Algebra"] }).load();
  assert.equal(algebra.train.length, 2);
  const bare = written("bare.jsonl", [{ problem: "1 + 1?", answer: "2" }]);
  await assert.rejects(math({ path: bare, levels: [1] }).load(), /expected a column "level"/);
  const question =
    all.train.find(({ columns }) => columns.gold === "(x-1)(x+1)") ?? assert.fail("no question");
  const { accuracy } = await judge(all, question, "<think>a</think><answer>$\\boxed{x^2-1}$</answer>");
  assert.equal(accuracy?.outcome, "correct");
});

test("AIME: whole numbers from 0 to 999, all held out, by year", async () => {
  const task = await aime({ path: fixture("aime.jsonl") }).load();
  assert.deepEqual(golds(task.heldOut), ["24", "30"]);
  assert.equal(task.train.length, 0);
  await assertDemonstrations(task);
  assert.equal((await aime({ path: fixture("aime.jsonl"), years: [2032] }).load()).heldOut.length, 1);
  const wrong = written("aime.jsonl", [{ problem: "p", answer: "1/2" }]);
  await assert.rejects(aime({ path: wrong }).load(), /aime\.jsonl:1: expected a whole number from 0 to 999/);
});

test("MMLU: its own CSV as folder and as ZIP, and rows of a hub, give the same questions", async () => {
  const zip = await mmlu({ path: fixture("mmlu.zip") }).load();
  const folder = await mmlu({ path: fixture("mmlu") }).load();
  assert.deepEqual(
    zip.heldOut.map(({ id }) => id),
    folder.heldOut.map(({ id }) => id),
  );
  assert.deepEqual([zip.train.length, zip.heldOut.length], [2, 2], "validation trains, dev is left out");
  const [quoted, plain] = [about(zip.heldOut, "Eureka"), about(zip.heldOut, "6 * 7")];
  assert.equal(quoted.columns.question, 'Who said "Eureka"\nin the bath?');
  assert.equal(plain.columns.subject, "little_quiz");
  assert.match(String(plain.prompt), /What is 6 \* 7\?\n\nA\) 36\nB\) 40\nC\) 42\nD\) 48\n/);
  await assertDemonstrations(zip);
  const hub = await mmlu({ path: fixture("mmlu-hub") }).load();
  assert.deepEqual([hub.train.length, hub.heldOut.length], [1, 1]);
  assert.equal(hub.heldOut[0]?.id, plain.id);
  const none = mmlu({ path: fixture("mmlu"), subjects: ["anatomy"] });
  await assert.rejects(none.load(), /expected questions in .*got none/);
  const wrong = written("choice.jsonl", [{ question: "q", choices: ["a", "b"], answer: "C" }]);
  await assert.rejects(mmlu({ path: wrong }).load(), /a letter or an index of the 2 options, got C/);
});

test("HumanEval: helpers and imports of the prompt stay, in Python and in TypeScript", async () => {
  for (const name of ["humaneval.jsonl", "humaneval-ts.jsonl"]) {
    const task = await humaneval({ path: fixture(name) }).load();
    assert.equal(task.train.length, 0);
    await assertDemonstrations(task);
  }
  const task = await humaneval({ path: fixture("humaneval.jsonl") }).load();
  const question = about(task.heldOut, "quarter");
  const program = "```python\ndef quarter(x: int) -> int:\n    return math.floor(x / 4)\n```";
  const { accuracy } = await judge(task, question, `<think>a</think><answer>${program}</answer>`);
  assert.equal(accuracy?.outcome, "correct", accuracy?.detail);
  const plain = await humaneval({ path: fixture("humaneval.jsonl"), prompt: "plain" }).load();
  const continued = "    return x // 4\n\ndef next_thing():\n    syntax error here";
  assert.equal((await judge(plain, question, continued)).accuracy?.outcome, "correct");
});

test("MBPP: divided by task number, with set-up code; what is no program is not run", async () => {
  const task = await mbpp({ path: fixture("mbpp.jsonl") }).load();
  assert.deepEqual([task.train.length, task.heldOut.length], [2, 1]);
  await assertDemonstrations(task);
  const question = task.heldOut[0] ?? assert.fail("no question");
  const cases: ReadonlyArray<readonly [answer: string, outcome: string]> = [
    ["```python\ndef add(a, b):\n    return a + b\n```", "correct"],
    ["def add(a, b):\n    return a + b", "correct"],
    ["```python\ndef add(a, b):\n    return a - b\n```", "wrong"],
    ["```python\ndef add(a, b):\n    return 3\n```", "wrong"],
    ["```python\ndef add(a, b):\n    return a + b", "unparsed"],
    ["```python\nimport sys\nsys.exit(0)\n```", "wrong"],
  ];
  for (const [answer, outcome] of cases) {
    const { accuracy } = await judge(task, question, `<think>a</think><answer>${answer}</answer>`);
    assert.equal(accuracy?.value, outcome === "correct" ? 1 : 0, `${answer}: ${accuracy?.detail}`);
    if (outcome !== "wrong") assert.equal(accuracy?.outcome, outcome, `${answer}: ${accuracy?.detail}`);
  }
  const chat = await mbpp({ path: fixture("mbpp.jsonl"), prompt: "chat" }).load();
  assert.equal((await judge(chat, question, "def add(a, b): return a + b")).accuracy?.outcome, "unparsed");
});

test("Codeforces: tests as values or as text; words are compared, numbers by tolerance where it is given", async () => {
  const strict = await codeforces({ path: fixture("codeforces.json"), heldOutOneIn: 0 }).load();
  assert.equal(strict.train.length, 2);
  const close = await codeforces({
    path: fixture("codeforces.json"),
    heldOutOneIn: 0,
    tolerance: 1e-3,
  }).load();
  await assertDemonstrations(close);
  const third = about(strict.train, "third");
  const answer = strict.demonstrate?.(third).right ?? assert.fail("no solution");
  assert.equal((await judge(strict, third, answer)).accuracy?.outcome, "wrong");
  const none = written("none.jsonl", [{ problem: "p", tests: { inputs: ["1"], outputs: [] } }]);
  await assert.rejects(codeforces({ path: none }).load(), /none\.jsonl:1: expected tests/);
  const tests = {
    functional: "def check(candidate):\n    assert candidate([3, 1]) == 4\n\ncheck(Solution().total)",
  };
  const solutions =
    "class Solution:\n    def total(self, n: List[int]) -> int:\n        return reduce(lambda a, b: a + b, n)";
  const calls = written("calls.jsonl", [{ problem: "Complete total.", tests, solutions }]);
  await assertDemonstrations(await codeforces({ path: calls, heldOutOneIn: 0 }).load());
  await assert.rejects(codeforces({ path: calls, language: "cpp" }).load(), /calls\.jsonl:1: expected tests/);
});

test("Knights and Knaves: the one solution is right, also in other words", async () => {
  const task = await knightsAndKnaves({ path: fixture("knights-and-knaves.jsonl"), heldOutOneIn: 0 }).load();
  await assertDemonstrations(task);
  const question = task.train[0] ?? assert.fail("no question");
  const answer = "<think>a</think><answer>Bob is a knave and Ann is a knight.</answer>";
  assert.equal((await judge(task, question, answer)).accuracy?.outcome, "correct");
  const lied = written("knights.jsonl", [
    {
      ...question.columns,
      solution: [false, true],
      solution_text_format: "(1) Ann is a knave\n(2) Bob is a knight",
    },
  ]);
  await assert.rejects(knightsAndKnaves({ path: lied }).load(), TaskDataError);
});

test("Countdown: generated, or from rows", async () => {
  const generated = await countdownTask({ train: 3, heldOut: 2 }).load();
  assert.deepEqual([generated.train.length, generated.heldOut.length], [3, 2]);
  assert.match(String(generated.train[0]?.prompt), /^User: Make/);
  await assertDemonstrations(generated);
  const rows = await countdownTask({ path: fixture("countdown.jsonl"), heldOutOneIn: 0 }).load();
  assert.match(String(rows.train[0]?.prompt), /^A conversation/);
  await assertDemonstrations(rows);
});

test("prompts: any rows, for rewards of the user's", async () => {
  const task = await prompts({ path: fixture("prompts.jsonl"), heldOutOneIn: 0 }).load();
  assert.equal(about(task.train, "cat").prompt, "Say a word that rhymes with cat.");
  const dog = about(task.train, "dog");
  assert.deepEqual(dog.prompt, [{ role: "user", content: "Say a word that rhymes with dog." }]);
  assert.equal(dog.columns.rhyme, "og");
});

test("options are checked at once, data when it is loaded", async () => {
  assert.throws(() => gsm8k.from({ path: "x", levels: [1] }), TaskOptionsError);
  assert.throws(() => math({ path: "x", levels: [6] }), /levels/);
  const source = gsm8k({ path: join(scratch, "absent") });
  await assert.rejects(source.load(), (error: unknown) => error instanceof DataError);
  const other = source.with("path", fixture("gsm8k"));
  assert.equal((await other.load()).heldOut.length, 2);
  assert.equal(source.options.path, join(scratch, "absent"));
  cpSync(fixture("gsm8k"), join(scratch, "subset", "main"), { recursive: true });
  assert.equal((await gsm8k({ path: join(scratch, "subset"), subset: "main" }).load()).heldOut.length, 2);
});
