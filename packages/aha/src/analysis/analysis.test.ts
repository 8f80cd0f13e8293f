/** The pieces of an analysis by hand-made completions, and a whole one of a hand-made run. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RolloutWriter, stepName } from "../run/rollout-files.ts";
import type { RolloutRecord } from "../run/run-records.ts";
import { courseTable, difficultyTable, votingTable, votingVerdict } from "./analysis-tables.ts";
import { analyzeRun } from "./analyze-run.ts";
import { completionFacts } from "./completion-facts.ts";
import { completionParts, thinkingTokens } from "./completion-parts.ts";
import { afterFirstConclusion, arithmeticValue } from "./first-conclusion.ts";
import { groupStatistics } from "./group-statistics.ts";
import { paperWords, wordCounter, wordList } from "./reflective-words.ts";
import { promptLanguage } from "./step-statistics.ts";

const folder = mkdtempSync(join(tmpdir(), "aha-analysis-"));
after(() => rmSync(folder, { recursive: true }));

test("reflective words: whole words in English, anywhere in Chinese, each once", () => {
  const count = wordCounter(paperWords);
  const english = count("Wait, wait. That is Wrong; awaiting checks, but checkmate. Let me check.");
  assert.deepEqual([english.wait, english.wrong, english.check, english.but, english.retry], [2, 1, 1, 1, 0]);
  const mixed = count("等等，这里不对，但是我要检查一下。但结果验证了。");
  assert.deepEqual([mixed.wait, mixed.wrong, mixed.but, mixed.check, mixed.verify], [1, 1, 2, 1, 1]);
  assert.deepEqual(wordCounter(wordList("hmm, 等等"))("Hmm 等等等等"), { hmm: 1, 等等: 2 });
});

test("thinking and answer, also where the prompt opened the thought or the end was cut off", () => {
  assert.deepEqual(completionParts(" <think> a b </think> <answer> 3 </answer>", "q"), {
    thinking: " a b ",
    rest: " <answer> 3 </answer>",
    answer: "3",
  });
  assert.deepEqual(completionParts("a </think> so \\boxed{\\frac{1}{2}}.", "Assistant: <think>\n"), {
    thinking: "a ",
    rest: " so \\boxed{\\frac{1}{2}}.",
    answer: "\\frac{1}{2}",
  });
  assert.deepEqual(completionParts("<think> on and on", "q"), {
    thinking: " on and on",
    rest: "",
    answer: null,
  });
  assert.equal(completionParts("no thought", "q").thinking, "");
  const parts = completionParts("<think>12345</think>123456789", "q");
  assert.equal(thinkingTokens(parts, "<think>12345</think>123456789", 58), 10);
});

test("what comes after the first right conclusion", () => {
  // Twelve characters without spaces; the conclusion ends after six of them.
  assert.equal(afterFirstConclusion("3*4=12 so 12.", "12"), 1 - 6 / 11);
  assert.equal(afterFirstConclusion("112, 12.5, 120: no", "12"), null);
  const thought = "8 + 7 = 15, 15 * 6 = 90 wait 8 * 7 = 56, 56 - 6 = 50 wait 6 + 7 = 13";
  const share = afterFirstConclusion(thought, "8 * 7 - 6");
  assert.ok(share !== null && share > 0.2 && share < 0.35, `${share}`);
  assert.equal(afterFirstConclusion("nothing of it", "42"), null);
  assert.equal(afterFirstConclusion("", "42"), null);
});

test("plain sums are worked out, anything else is left alone", () => {
  assert.equal(arithmeticValue("( 8 + 7 ) × 6 − 30 ÷ 4"), 82.5);
  assert.equal(arithmeticValue("-2 * -(3 - 5)"), -4);
  for (const text of ["1 / 0", "2 +", "(1", "x + 1", "", "1 2", `${"(".repeat(150)}1`, "1+".repeat(200)]) {
    assert.equal(arithmeticValue(text), null, text.slice(0, 20));
  }
});

interface Made {
  readonly question?: string;
  readonly sample?: number;
  readonly completion: string;
  readonly correct: boolean;
  readonly tokens?: number;
  readonly finish?: "stop" | "length";
  readonly level?: string;
}

function record(step: number, made: Made): RolloutRecord {
  const { question = "q", sample = 0, completion, correct, tokens = 10, finish = "stop", level } = made;
  return {
    ...{ step, question, sample, completion, finish, prompt: "How much is it? Assistant:" },
    ...(level === undefined ? {} : { level }),
    promptTokenIds: [1, 2],
    tokenIds: new Array<number>(tokens).fill(3),
    logProbabilities: new Array<number>(tokens).fill(-1),
    reward: correct ? 2 : 1,
    breakdown: {
      format: { value: 1 },
      accuracy: { value: correct ? 1 : 0, outcome: correct ? "correct" : "wrong" },
    },
    advantage: 0,
  };
}

const answered = (thinking: string, answer: string): string =>
  `<think>${thinking}</think><answer>${answer}</answer>`;

test("a group's vote: the most frequent answer, right or wrong; none without an answer", async () => {
  const facts = [
    record(1, { completion: answered("a", "1 + 1"), correct: true }),
    record(1, { completion: answered("b", "1+1"), correct: true }),
    record(1, { completion: answered("c", "5"), correct: false }),
    record(1, { completion: "<think>cut", correct: false, finish: "length" }),
    record(1, { completion: "<think>cut", correct: false, finish: "length" }),
  ].map((one) => completionFacts(one, new Map([["q", "hard"]])));
  const group = await groupStatistics(facts);
  assert.deepEqual([group.passRate, group.majority, group.samples, group.level], [0.4, 1, 5, "hard"]);
});

test("a prompt's language", () => {
  assert.equal(promptLanguage("Make 47 from 3, 11, 4."), "en");
  assert.equal(promptLanguage("用 3、11、4 凑出 47。"), "zh");
});

/** Forty steps of two questions × two samples; from step 21 on the thoughts reflect and are right. */
function madeRun(): string {
  const run = join(folder, "made");
  for (let step = 1; step <= 40; step++) {
    const late = step > 20;
    const writer = new RolloutWriter(join(run, "rollouts", `${stepName(step)}.jsonl`));
    for (const [question, level] of [
      ["easy", "1"],
      ["hard", "5"],
    ] as const) {
      for (const sample of [0, 1]) {
        const thinking = late
          ? `first we try this and that, 3 * 4 = 12. Wait, let me check: it is 12 again ${"wait ".repeat(step % 3)}`
          : `we only guess here without any care ${"but ".repeat((step + sample) % 2)}`;
        const correct = level === "1" ? late || sample === 0 : late && sample === 0;
        const completion = answered(thinking, correct ? "12" : "7");
        const tokens = (late ? 40 : 10) + (level === "5" ? 20 : 0);
        writer.append(record(step, { question, sample, level, completion, correct, tokens }));
      }
    }
    writer.close();
  }
  return run;
}

test("a whole run: curves, take-off, difficulty, voting", async () => {
  const read: number[] = [];
  const analysis = await analyzeRun(madeRun(), { onStep: (count) => read.push(count) });
  assert.equal(read.at(-1), 40);
  assert.equal(analysis.steps.length, 40);
  const [first, last] = [analysis.steps[0], analysis.steps[39]];
  assert.deepEqual([first?.completions, first?.accuracy, first?.tokens], [4, 0.25, 20]);
  assert.deepEqual([last?.accuracy, last?.tokens, last?.cutOff], [0.75, 50, 0]);
  assert.equal(last?.languageConsistency, 1);
  assert.ok(analysis.takeOff.takesOff, analysis.takeOff.verdict);
  assert.ok(Math.abs((analysis.takeOff.from ?? 0) - 20) <= 2);
  assert.deepEqual(
    analysis.late.byLevel.map(({ label, accuracy, tokens }) => [label, accuracy, tokens]),
    [
      ["1", 1, 40],
      ["5", 0.5, 60],
    ],
  );
  const overthinking = analysis.late.all.overthinking;
  assert.ok(overthinking !== null && overthinking > 0.2 && overthinking < 0.8, `${overthinking}`);
  assert.equal(analysis.early.voting.samples, 2);
  assert.equal(courseTable(analysis).rows.length, 10);
  assert.deepEqual(
    difficultyTable(analysis).rows.map(([label]) => label),
    ["1", "5"],
  );
  assert.equal(votingTable(analysis).rows.length, 2);
  assert.match(votingVerdict(analysis) ?? "", /one thought of the trained model beats a vote of 2/);
  const coarse = await analyzeRun(join(folder, "made"), { every: 4, closely: 0 });
  assert.deepEqual([coarse.steps.length, coarse.steps[1]?.step, coarse.steps[0]?.repetition], [10, 5, null]);
});

test("a folder without rollouts is named", async () => {
  await assert.rejects(analyzeRun(join(folder, "nothing")), /no rollouts to analyse/);
});
