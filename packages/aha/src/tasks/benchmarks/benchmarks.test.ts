/** The benchmarks on rows made up in each dataset's published form: what is read, asked, left out, and how it is judged. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { summariseSamples } from "../../evaluation/summarise-samples.ts";
import { RewardScorer } from "../../training/reward-scorer.ts";
import { codeforces } from "../codeforces.ts";
import { TaskDataError } from "../data-task.ts";
import type { Judgement, Question, Task } from "../task.ts";
import { cEval } from "./c-eval.ts";
import { cmmlu } from "./cmmlu.ts";
import { contest } from "./contest.ts";
import { contestRating, percentileOf } from "./contest-rating.ts";
import { drop } from "./drop.ts";
import { dropScore } from "./drop-score.ts";
import { gpqa } from "./gpqa.ts";
import { ifeval } from "./ifeval.ts";
import { livecodebench } from "./livecodebench.ts";
import { mmluPro } from "./mmlu-pro.ts";
import { mmluRedux } from "./mmlu-redux.ts";
import { PickledTextError, pickledText } from "./pickled-text.ts";

const scratch = mkdtempSync(join(tmpdir(), "aha-benchmarks-"));
after(() => rmSync(scratch, { recursive: true }));

function written(name: string, rows: readonly unknown[] | string): string {
  const path = join(scratch, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(
    path,
    typeof rows === "string" ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  );
  return path;
}

async function judge(
  task: Task,
  question: Question | undefined,
  text: string,
): Promise<Record<string, Judgement>> {
  assert.ok(question !== undefined);
  const completion = { sample: 0, tokenIds: [], logProbabilities: new Float32Array(), text };
  const scored = await new RewardScorer(task.rewards).score(question, { ...completion, finish: "stop" });
  return { ...scored.breakdown };
}

const promptText = (question: Question | undefined): string => {
  const [turn] = typeof question?.prompt === "string" ? [] : (question?.prompt ?? []);
  return turn?.content ?? assert.fail("no conversation");
};

test("MMLU-Redux leaves faulty questions out, corrects them, or keeps them", async () => {
  const row = { question: "2 + 2?", choices: ["3", "4", "5", "6"], answer: 1, error_type: "ok" };
  const path = written("redux.jsonl", [
    row,
    { ...row, question: "3 + 3?", answer: 0, error_type: "wrong_groundtruth", correct_answer: "6" },
    { ...row, question: "1 + 3?", answer: 0, error_type: "wrong_groundtruth", correct_answer: "see above" },
    { ...row, question: "is?", error_type: "bad_question_clarity", correct_answer: null },
  ]);
  const golds = async (errors: "leave-out" | "correct" | "keep") =>
    (await mmluRedux({ path, prompt: "chat", errors }).load()).heldOut
      .map(({ columns }) => columns.gold)
      .sort();
  assert.deepEqual(await golds("leave-out"), ["B"]);
  assert.deepEqual(await golds("correct"), ["B", "D"]);
  assert.deepEqual(await golds("keep"), ["A", "A", "B", "B"]);
});

test("MMLU-Pro has ten letters, and N/A is no option", async () => {
  const choices = ["k", "l", "m", "n", "o", "p", "q", "r", "s", "t"];
  const path = written("pro.jsonl", [
    { question: "Which?", options: choices, answer: "J", answer_index: 9, category: "law" },
    { question: "Who?", options: [...choices.slice(0, 3), "N/A", "N/A"], answer: "C", category: "law" },
  ]);
  const task = await mmluPro({ path, prompt: "chat" }).load();
  const which = task.heldOut.find(({ columns }) => columns.gold === "J");
  assert.match(promptText(which), /about law\.[\s\S]*Options:\nA\. k\n[\s\S]*J\. t$/);
  const { accuracy } = await judge(task, which, "<think>A</think>Thus the answer is (J).");
  assert.deepEqual([accuracy?.value, accuracy?.answer], [1, "J"]);
  assert.equal((await judge(task, which, "the answer is (I).")).accuracy?.value, 0);
  const who = task.heldOut.find(({ columns }) => columns.gold === "C");
  assert.doesNotMatch(promptText(who), /N\/A/);
});

test("GPQA's options are shuffled by the seed alone, and the gold goes along", async () => {
  const header =
    "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3,High-level domain";
  const lines = Array.from({ length: 40 }, (_, index) => `"Number, ${index}?",right,w1,w2,w3,Physics`);
  const path = written("gpqa_diamond.csv", `${header}\n${lines.join("\n")}\n`);
  const load = (seed: number) => gpqa({ path, prompt: "chat", seed }).load();
  const task = await load(0);
  assert.equal(task.heldOut.length, 40);
  const golds = (of: Task) => of.heldOut.map(({ columns }) => columns.gold).join("");
  assert.deepEqual([...new Set(golds(task))].sort(), ["A", "B", "C", "D"]);
  assert.equal(golds(await load(0)), golds(task));
  assert.notEqual(golds(await load(1)), golds(task));
  const [first] = task.heldOut;
  assert.ok(first !== undefined);
  const { gold, choices } = first.columns as { gold: string; choices: string[] };
  assert.equal(choices["ABCD".indexOf(gold)], "right");
  assert.match(promptText(first), new RegExp(`\\n${gold}\\) right`));
  assert.equal((await judge(task, first, `So:\nAnswer: ${gold}`)).accuracy?.value, 1);
});

test("C-Eval and CMMLU read folders of CSV by subject, and ask in Chinese", async () => {
  written("ceval/val/law_val.csv", "id,question,A,B,C,D,answer\n0,谁？,甲,乙,丙,丁,B\n");
  written("ceval/dev/law_dev.csv", "id,question,A,B,C,D,answer,explanation\n0,例？,甲,乙,丙,丁,A,因\n");
  written("ceval/test/law_test.csv", "id,question,A,B,C,D\n0,考？,甲,乙,丙,丁\n");
  const task = await cEval({ path: join(scratch, "ceval"), prompt: "chat" }).load();
  assert.deepEqual([task.train.length, task.heldOut.length], [0, 1]);
  assert.match(promptText(task.heldOut[0]), /^以下是关于law考试[\s\S]*谁？\nA\. 甲/);
  assert.equal((await judge(task, task.heldOut[0], "所以 \\boxed{B}")).accuracy?.value, 1);
  written("cmmlu/test/anatomy.csv", ",Question,A,B,C,D,Answer\n0,何处？,a,b,c,d,D\n");
  written("cmmlu/dev/anatomy.csv", ",Question,A,B,C,D,Answer\n0,例,a,b,c,d,A\n");
  const other = await cmmlu({ path: join(scratch, "cmmlu"), prompt: "chat" }).load();
  assert.deepEqual(
    other.heldOut.map(({ columns }) => [columns.subject, columns.gold]),
    [["anatomy", "D"]],
  );
});

test("contests take numbers and LaTeX", async () => {
  const path = written("amc.jsonl", [
    { problem: "How many squares are there?", answer: 27.0 },
    { question: "What is its probability?", answer: "\\frac{1}{2}" },
  ]);
  const task = await contest({ path, prompt: "chat" }).load();
  const half = task.heldOut.find(({ columns }) => columns.gold !== "27");
  assert.equal((await judge(task, half, "\\boxed{0.5}")).accuracy?.value, 1);
  assert.equal(await task.evaluation?.sameAnswer?.("0.5", "\\frac12"), true);
  assert.equal(await task.evaluation?.sameAnswer?.("0.5", "2"), false);
});

test("DROP's score is the published one", () => {
  const cases: ReadonlyArray<readonly [given: string, golds: string[][], exact: number, f1: number]> = [
    ["The Broncos", [["Broncos"]], 1, 1],
    ["3", [["3.0"]], 1, 1],
    ["12 yards", [["21 yards"]], 0, 0],
    ["21", [["21-yard"]], 0, 0.67],
    ["Tom Brady", [["Brady"]], 0, 0.67],
    ["Brady", [["Brady", "Manning"]], 0, 0.5],
    ["none", [["Brady"], ["None."]], 1, 1],
    ["10%", [["10"]], 1, 1],
    ["", [["Brady"]], 0, 0],
  ];
  for (const [given, golds, exact, f1] of cases) {
    assert.deepEqual(dropScore(given, golds), { exact, f1 }, `${given} for ${JSON.stringify(golds)}`);
  }
});

test("DROP reads annotators' answers and simple-evals' rows, and takes the line Answer", async () => {
  const nothing = { number: "", date: { day: "", month: "", year: "" }, spans: [] };
  const path = written("drop.jsonl", [
    {
      passage: "P",
      question: "Q?",
      answer: { ...nothing, number: "4" },
      validated_answers: [
        { ...nothing, spans: ["four"] },
        { ...nothing, date: { day: "4", month: "May", year: "" } },
      ],
    },
    { context: "Passage: X\nQuestion: Y?", ref_text: "red|crimson" },
    {
      passage: "R",
      question: "S?",
      answer: { ...nothing, spans: ["a b"] },
      validated_answers: { number: ["7"], date: [nothing.date], spans: [[]] },
    },
  ]);
  const task = await drop({ path, prompt: "chat" }).load();
  const golds = task.heldOut.map(({ columns }) => JSON.stringify(columns.golds)).sort();
  assert.deepEqual(golds, ['[["4"],["four"],["4 May"]]', '[["a b"],["7"]]', '[["red"],["crimson"]]']);
  const colour = task.heldOut.find(({ columns }) => "ref_text" in columns);
  const { f1, exact } = await judge(task, colour, "It is blue or red.\nAnswer: **dark crimson**");
  assert.deepEqual([f1?.value, exact?.value, f1?.answer], [0.67, 0, "dark crimson"]);
  assert.equal((await judge(task, colour, "Crimson,\nI think")).f1?.outcome, "unparsed");
  await assert.rejects(
    drop({ path: written("bad.jsonl", [{ passage: "a", question: "b" }]) }).load(),
    TaskDataError,
  );
});

test("IFEval judges what stands behind the thinking, and gives the four accuracies", async () => {
  const row = { key: 1, prompt: "No commas, in all capitals.", kwargs: [{}, {}] };
  const ids = ["punctuation:no_comma", "change_case:english_capital"];
  const path = written("ifeval.jsonl", [{ ...row, instruction_id_list: ids }]);
  const task = await ifeval({ path, prompt: "chat" }).load();
  const [question] = task.heldOut;
  assert.equal(promptText(question), row.prompt);
  const good = await judge(task, question, "<think>well, well</think>THIS IS HOW IT OUGHT TO BE WRITTEN");
  assert.equal(good.accuracy?.value, 1, good.accuracy?.detail);
  const bad = await judge(task, question, "This one is written in the usual way");
  assert.deepEqual([bad.accuracy?.value, bad.loose?.value], [0, 0]);
  assert.ok(question !== undefined);
  const sample = { question, completion: "", truncated: false, completionTokens: 1 };
  const figures = await task.evaluation?.figures?.([
    { ...sample, sample: 0, judgements: good },
    { ...sample, sample: 1, judgements: bad },
  ]);
  assert.deepEqual(
    figures?.map(({ name, value }) => [name, value]),
    [
      ["prompt, loose", 0.5],
      ["instruction, strict", 0.75],
      ["instruction, loose", 0.75],
    ],
  );
  await assert.rejects(
    ifeval({
      path: written("odd.jsonl", [{ ...row, instruction_id_list: ["no:such"], kwargs: [{}] }]),
    }).load(),
    TaskDataError,
  );
});

const shared = join(import.meta.dirname, "../../../../../../shared/data/ifeval/en_input_data.jsonl");
test("IFEval's own 541 prompts are all checkable", {
  skip: existsSync(shared) ? false : "no ../shared/data",
}, async () => {
  const task = await ifeval({ path: shared, prompt: "chat" }).load();
  assert.equal(task.heldOut.length, 541);
  const summary = await summariseSamples(task, []);
  assert.deepEqual(summary.published, ["IF-Eval"]);
});

/** Python's base64(zlib(pickle(json))) of two functional tests: sum of a list and a number. */
const packed =
  "eJxrYJnaxAABPXXR1UqZeQWlJUpWCkrRhjoKRrExecZKOgpK+aUlUGEzELcktbikpLIgFSSQVpqXXJKZn5eYo1Sro4BsAFCzAapmA3yaY6foAQAm5yqA";

test("LiveCodeBench: dates, difficulties, standard input, methods, packed tests", async () => {
  const row = {
    question_content: "Add the numbers.",
    contest_date: "2024-09-01T00:00:00",
    difficulty: "easy",
    starter_code: "",
    public_test_cases: JSON.stringify([{ input: "1 2\n", output: "3\n", testtype: "stdin" }]),
    private_test_cases: "",
    metadata: "{}",
  };
  const path = written("lcb.jsonl", [
    row,
    {
      ...row,
      question_content: "Add a list.",
      contest_date: "2024-07-31T00:00:00",
      difficulty: "hard",
      starter_code: "class Solution:\n    def add(self, xs: List[int], y: int) -> int:\n        ",
      public_test_cases: JSON.stringify([{ input: "[5]\n5", output: "10", testtype: "functional" }]),
      private_test_cases: packed,
      metadata: '{"func_name": "add"}',
    },
  ]);
  const size = async (options: Readonly<Record<string, string | readonly string[]>>) =>
    (await livecodebench.from({ path, prompt: "chat", ...options }).load()).heldOut.length;
  assert.equal(await size({ from: "2024-08-01" }), 1);
  assert.equal(await size({ until: "2024-07-31" }), 1);
  assert.equal(
    await size({ from: "2024-08-01", until: "2024-08-31", difficulties: ["hard"] }).catch(() => 0),
    0,
  );
  const task = await livecodebench({ path, prompt: "chat" }).load();
  assert.equal(task.heldOut.length, 2);
  const [method, plain] = ["list", "numbers"].map((word) =>
    task.heldOut.find(({ columns }) => String(columns.question_content).includes(word)),
  );
  const fenced = (code: string): string => `Here:\n\`\`\`python\n${code}\n\`\`\``;
  const solution = (expression: string): string =>
    fenced(`class Solution:\n    def add(self, xs: List[int], y: int) -> int:\n        return ${expression}`);
  assert.match(promptText(method), /starter code[\s\S]*class Solution/);
  const { accuracy } = await judge(task, method, solution("sum(xs) + y"));
  assert.match(accuracy?.detail ?? "", /3 of 3 tests passed/);
  assert.equal(accuracy?.value, 1);
  assert.equal(
    (await judge(task, method, solution("10"))).accuracy?.outcome,
    "wrong",
    "a private test tells",
  );
  assert.equal(
    (await judge(task, plain, fenced("print(sum(map(int, input().split())))"))).accuracy?.value,
    1,
  );
  assert.equal((await judge(task, plain, fenced("print(4)"))).accuracy?.value, 0);
});

test("a pickle is read only where it is one string", () => {
  assert.equal(pickledText(Buffer.from("gASVBgAAAAAAAACMA2jDqZQu", "base64")), "hé");
  // os.system, as a pickle would call it.
  assert.throws(() => pickledText(Buffer.from("cos\nsystem\n(S'true'\ntR.")), PickledTextError);
  assert.throws(() => pickledText(Buffer.alloc(0)), PickledTextError);
});

test("the rating is the likelihood's maximum, with a robust error, or a bound", () => {
  const of = (rating: number, solved: number) => ({ rating, solved, samples: 4 });
  const found = contestRating([of(800, 4), of(1200, 3), of(1600, 1), of(2000, 0)]);
  assert.ok(found !== null);
  assert.ok(Math.abs(found.rating - 1400.0) < 1e-6, String(found.rating));
  assert.ok(
    Math.abs(found.high - found.rating - 36.486558908712865) < 1e-6,
    String(found.high - found.rating),
  );
  const one = contestRating([of(1500, 1)]);
  assert.ok(Math.abs((one?.rating ?? 0) - (1500 + 400 * Math.log10(1 / 3))) < 1e-6);
  const all = contestRating([of(1500, 4)]);
  assert.equal(all?.bounded, "below");
  assert.ok(Math.abs((all?.rating ?? 0) - (1500 + 400 * Math.log10(0.05 / 0.95))) < 1e-6);
  assert.equal(contestRating([of(1500, 0)])?.bounded, "above");
  assert.equal(contestRating([]), null);
  assert.equal(
    percentileOf(1500, [
      [1000, 10],
      [1500, 4],
      [2000, 6],
    ]),
    0.6,
  );
});

test("Codeforces with ratings gives a rating and a percentile; a wrong distribution is named", async () => {
  const tests = [{ input: "1", output: "1" }];
  const path = written("cf.jsonl", [
    { problem: "easy", rating: 800, tests },
    { problem: "hard", rating: 1600, tests },
  ]);
  const ratingDistribution = written("ratings.csv", "rating,count\n1000,50\n1199,30\n1400,20\n");
  const task = await codeforces({ path, prompt: "chat", heldOutOneIn: 1, ratingDistribution }).load();
  const samples = task.heldOut.map((question) => ({
    ...{ question, sample: 0, completion: "", truncated: false, completionTokens: 1 },
    judgements: { accuracy: { value: question.columns.rating === 800 ? 1 : 0 } },
  }));
  const [rating, percentile] = (await task.evaluation?.figures?.(samples)) ?? [];
  assert.ok(Math.abs((rating?.value ?? 0) - 1200) < 1e-6);
  assert.equal(percentile?.value, 0.8);
  assert.match(rating?.note ?? "", /2 problems with ratings/);
  const wrong = written("wrong.csv", "rating,count\n1000,many\n");
  await assert.rejects(
    codeforces({ path, ratingDistribution: wrong }).load(),
    /wrong\.csv:2: expected a rating/,
  );
});
