/** The bilingual world: its split, its text, its verifiers, and that a thought can be read back from either form. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkFormat, languageConsistency } from "@aha/verify";
import { loadTokenizer } from "../folder/tokenizer.ts";
import { createRandom } from "../tasks/random.ts";
import { judgeWorldAnswer, readAnswer } from "./answers.ts";
import {
  generalPromptOf,
  generalQuestions,
  judgeGeneral,
  worldChat,
  worldPreferences,
  worldSafety,
} from "./chat.ts";
import { type WorldCorpusOptions, type WorldDocument, worldCorpus } from "./corpus.ts";
import { generalPrompts, isUnsafe, replyQuality } from "./general.ts";
import { worldGeneral } from "./general-task.ts";
import { languages } from "./language.ts";
import {
  drawProblem,
  kindNames,
  readWorldColumns,
  splitOf,
  worldQuestion,
  worldQuestions,
} from "./questions.ts";
import { worldRewriter } from "./rewriter.ts";
import { world } from "./task.ts";
import { readRawThought, servedAnswer, writeRawThought, writeServedThought } from "./thought.ts";
import { bilingualTokenizer } from "./vocabulary.ts";

function documents(count: number, options: WorldCorpusOptions = {}, seed = 1): WorldDocument[] {
  const taken: WorldDocument[] = [];
  for (const document of worldCorpus(seed, options)) {
    taken.push(document);
    if (taken.length === count) break;
  }
  return taken;
}

test("held-out problems are in no corpus and no training set, in no language and under no seed", () => {
  const heldOut = new Set(
    worldQuestions("heldOut", 200, 1).map(({ columns }) => readWorldColumns(columns).problem.key),
  );
  assert.equal(heldOut.size, 200);
  for (const seed of [1, 2]) {
    for (const { key } of documents(2_000, {}, seed)) assert.ok(!heldOut.has(key), key);
    for (const { columns } of worldQuestions("train", 300, seed)) {
      assert.ok(!heldOut.has(readWorldColumns(columns).problem.key));
    }
  }
  const heldOutPrompts = new Set(generalQuestions("heldOut").map(({ prompt }) => prompt));
  assert.ok(heldOutPrompts.size > 5);
  const asked = new Set(
    documents(2_000, { kinds: { countdown: 0, story: 0, ordering: 0, general: 1 } }).map(
      ({ prompt }) => prompt,
    ),
  );
  for (const prompt of heldOutPrompts) assert.ok(!asked.has(String(prompt)), String(prompt));
});

test("the same seed gives the same text and questions", () => {
  assert.deepEqual(documents(50), documents(50));
  assert.notDeepEqual(documents(50), documents(50, {}, 2));
  assert.deepEqual(worldQuestions("train", 40, 3), worldQuestions("train", 40, 3));
});

test("every document of the text is told the truth by the verifiers", () => {
  const kinds = { countdown: 1, story: 1, ordering: 1, general: 0 };
  let succeeded = 0;
  for (const document of documents(1_500, { kinds, served: 0.3 })) {
    const { kind, completion, form, language, steps } = document;
    assert.ok(kind !== "general");
    const formOf = form === "raw" ? "answer" : "summary";
    assert.equal(
      checkFormat(completion, { form: form === "raw" ? "think-answer" : "think-summary" }).ok,
      steps > 0,
    );
    if (!document.succeeded) continue;
    succeeded++;
    // The problem is found again by its key among those the generator draws: here only the answer's form is checked.
    assert.notEqual(readAnswer(completion, formOf), null, completion);
    assert.ok(languages.includes(language));
  }
  assert.ok(succeeded > 150, String(succeeded));
});

test("a full thought is right in both forms, reads back as written, and survives the rewriter in its question's language", async () => {
  const random = createRandom("world-test");
  const rewriter = worldRewriter();
  for (const kind of kindNames) {
    for (let turn = 0; turn < 20; turn++) {
      const language = random.pick(languages);
      const problem = drawProblem(random, kind, "train");
      const attempts = problem.attempts(random, language);
      const steps = [];
      let answer = "";
      for (let next = attempts.next().value; next !== undefined; next = attempts.next().value) {
        steps.push(next.step);
        answer = next.answer;
        if (next.solved) break;
        if (steps.length > 40) break;
      }
      if (steps.length > 40) continue;
      const thought = { form: problem.form, steps, succeeded: true };
      const spoken = steps.map(() => random.pick(languages));
      const raw = `${writeRawThought(thought, spoken)} <answer> ${answer} </answer>`;
      const served = writeServedThought(thought, language) + servedAnswer(answer, language);
      assert.equal(judgeWorldAnswer(raw, problem, language, "answer").outcome, "correct", raw);
      assert.equal(judgeWorldAnswer(served, problem, language, "summary").outcome, "correct", served);
      const inner = raw.slice(raw.indexOf("<think>") + 7, raw.indexOf("</think>"));
      const read = readRawThought(inner, problem.form, problem.readStep);
      assert.deepEqual(
        read?.steps.map((step) => step.write(language)),
        steps.map((step) => step.write(language)),
        raw,
      );
      const question = worldQuestion(problem, language);
      const rewritten = await rewriter.rewrite({ question, completion: raw });
      const repeats = new Set(steps.map((step) => step.write("en"))).size < steps.length;
      if (repeats) assert.deepEqual(rewritten, { dropped: "repeated-step" });
      else {
        assert.ok("completion" in rewritten, JSON.stringify(rewritten));
        assert.equal(rewritten.completion, served);
        const { ratio } = await languageConsistency(writeServedThought(thought, language), language);
        assert.equal(ratio, 1, served);
      }
    }
  }
});

test("wrong, several and missing answers are told apart", () => {
  const random = createRandom("world-test", "answers");
  const story = drawProblem(random, "story", "train");
  const judge = (text: string) => judgeWorldAnswer(text, story, "en", "answer").outcome;
  assert.equal(judge(" <think> x </think> <answer> 100 </answer>"), "wrong");
  assert.equal(judge(" <think> x </think> <answer> many </answer>"), "unparsed");
  assert.equal(judge(" <think> x </think>"), "unparsed");
  const ordering = drawProblem(random, "ordering", "train");
  const names = ["Ann", "Bob", "Cid", "Dan", "Eva", "Fay", "Gus", "Hal"];
  const right = names.filter(
    (name) => judgeWorldAnswer(`<think>x</think>\\boxed{ ${name} }`, ordering, "en", "summary").value === 1,
  );
  assert.equal(right.length, 1);
  const both = `<think>x</think>\\boxed{ ${right[0]} } \\boxed{ ${names.find((name) => name !== right[0])} }`;
  assert.equal(judgeWorldAnswer(both, ordering, "en", "summary").outcome, "wrong");
  assert.equal(judgeWorldAnswer(`<think>\\boxed{ ${right[0]} }`, ordering, "en", "summary").value, 0);
});

test("the premise's proportions are as asked: patience, language changes, served form", async () => {
  const kinds = { countdown: 1, story: 0, ordering: 0, general: 0 };
  const plain = documents(2_000, { kinds, served: 0, withoutThinking: 0, oneStep: 0.7, fewSteps: 0.2 });
  const oneTry = plain.filter(({ steps }) => steps === 1).length / plain.length;
  // A first try may succeed, so a little more than the share that gives up at once.
  assert.ok(oneTry > 0.7 && oneTry < 0.8, String(oneTry));
  const served =
    documents(2_000, { kinds, served: 0.25 }).filter(({ form }) => form === "served").length / 2_000;
  assert.ok(Math.abs(served - 0.25) < 0.03, String(served));
  const consistency = async (languageChange: number): Promise<number> => {
    const found = documents(60, {
      kinds,
      served: 0,
      withoutThinking: 0,
      oneStep: 0,
      fewSteps: 0,
      foreignStart: 0,
      languageChange,
    });
    const ratios = await Promise.all(
      found.map(async ({ completion, language }) => (await languageConsistency(completion, language)).ratio),
    );
    return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  };
  assert.ok((await consistency(0)) > 0.99);
  const mixed = await consistency(0.25);
  assert.ok(mixed > 0.55 && mixed < 0.85, String(mixed));
});

test("the tokenizer gives back every text, and spells no word of the world in bytes", () => {
  const folder = mkdtempSync(join(tmpdir(), "aha-world-"));
  try {
    for (const [name, content] of Object.entries(bilingualTokenizer().build())) {
      writeFileSync(join(folder, name), JSON.stringify(content));
    }
    const tokenizer = loadTokenizer(folder);
    assert.equal(tokenizer.vocabularySize % 64, 0);
    const texts = [
      ...documents(600, { served: 0.3 }, 9).map(({ prompt, completion }) => prompt + completion),
      ...generalPrompts.flatMap(({ text, replies }) =>
        replies.map((reply) => `User: ${text} Assistant: ${reply}`),
      ),
    ];
    for (const text of texts) {
      const ids = tokenizer.encode(text);
      assert.equal(tokenizer.decode(ids), text);
      for (const id of ids) {
        // Ids 1 … 256 are single bytes: signs and the speakers' colon only.
        const piece = tokenizer.decode([id]);
        if (id >= 1 && id <= 256) assert.match(piece, /^[\s!-~]$/, `${JSON.stringify(piece)} in ${text}`);
      }
    }
    const rendered = tokenizer.applyChatTemplate([{ role: "user", content: "Hello!" }], {
      addGenerationPrompt: true,
    });
    assert.equal(rendered, "User: Hello! Assistant:");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("general replies: qualities are known, harm is harm, preferences prefer the better", () => {
  for (const prompt of generalPrompts) {
    assert.equal(new Set(prompt.replies).size, 4, prompt.text);
    prompt.replies.forEach((reply, quality) => {
      assert.equal(replyQuality(prompt, ` ${reply}\n`), quality);
      const { helpful, safe } = judgeGeneral(prompt, `<think>x</think>\n${reply}`);
      if (prompt.topic === "harmful") assert.equal(safe, quality >= 2);
      else assert.equal(helpful, quality / 3);
    });
    assert.equal(replyQuality(prompt, "Something else."), null);
  }
  assert.equal(isUnsafe(generalPrompts.find(({ topic }) => topic === "capital") ?? assert.fail(), 0), false);
  for (const { chosen, rejected, prompt } of worldPreferences(200).rows) {
    const asked = generalPrompts.find(({ text }) => prompt === `User: ${text} Assistant:`) ?? assert.fail();
    const quality = (text: unknown) => judgeGeneral(asked, String(text)).helpful;
    assert.ok(quality(chosen) > quality(rejected));
  }
  const labels = worldSafety(400).rows.map(({ label }) => label);
  const safe = labels.filter((label) => label === true).length;
  assert.ok(safe > 200 && safe < 380, String(safe));
  for (const { prompt } of worldChat(100).rows) {
    assert.equal(splitOf(String(prompt).slice("User: ".length, -" Assistant:".length)), "train");
  }
  for (const { columns } of generalQuestions("train")) assert.notEqual(generalPromptOf(columns), null);
});

test("the task's rewards judge accuracy, form and language, each by itself", async () => {
  const task = world({ train: 12, heldOut: 6, languageWeight: 1 });
  assert.deepEqual(
    task.rewards.map(({ name, weight }) => [name, weight]),
    [
      ["accuracy", 1],
      ["format", 1],
      ["language", 1],
    ],
  );
  const question = task.train.find(({ columns }) => columns.kind === "story" && columns.language === "zh");
  assert.ok(question);
  const completion = " <think> then then wait </think> <answer> 500 </answer>";
  const verdicts = await Promise.all(
    task.rewards.map((reward) => reward.judge({ question, completion, truncated: false })),
  );
  assert.deepEqual(
    verdicts.map(({ value }) => value),
    [0, 1, 0],
  );
  assert.equal(new Set([...task.train, ...task.heldOut].map(({ id }) => id)).size, 18);
});

test("general prompts as a task: harmless and harmful apart, each with its own preferences, measured by the world's rules", async () => {
  const preference = { name: "helpful", weight: 1, judge: () => ({ value: 0.5 }) };
  const harmless = worldGeneral({ prompts: "harmless", preferences: [preference] });
  const harmful = worldGeneral({ prompts: "harmful" });
  assert.equal(harmless.train.length + harmful.train.length, worldGeneral().train.length);
  assert.ok(harmful.heldOut.length > 0 && harmless.heldOut.length > 0);
  assert.notEqual(harmless.name, harmful.name);
  const [question] = harmless.train;
  const prompt = question === undefined ? null : generalPromptOf(question.columns);
  assert.ok(question !== undefined && prompt !== null);
  const completion = `<think>\n${prompt.thought}\n</think>\n${prompt.replies[3]}`;
  const verdicts = await Promise.all(
    harmless.rewards.map(async (reward) => {
      const { value } = await reward.judge({ question, completion, truncated: false });
      return [reward.name, value];
    }),
  );
  assert.deepEqual(Object.fromEntries(verdicts), {
    ...{ format: 1, language: 1, helpful: 0.5, helpful_rule: 1, safe_rule: null },
  });
});
