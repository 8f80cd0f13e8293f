/** The rollout: groups as they complete, prompts as conversations, texts without their end. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { liveTensors } from "@aha/torch";
import { temporaryFolder, tinyModel, writeWorldTokenizer } from "../../test/helpers/tiny-model.ts";
import { loadTokenizer } from "../folder/tokenizer.ts";
import type { Question } from "../tasks/task.ts";
import { PromptError } from "./prompt-error.ts";
import { completionText, promptTokenIds, type RolloutOptions, rollout } from "./rollout.ts";
import { rolloutRecords } from "./rollout-records.ts";

const folder = temporaryFolder("rollout");
after(() => rmSync(folder, { recursive: true }));
writeWorldTokenizer(folder);
writeFileSync(
  join(folder, "chat_template.jinja"),
  "{% for message in messages %}{{ message.role }}: {{ message.content }} {% endfor %}" +
    "{% if add_generation_prompt %}Assistant:{% endif %}",
);
const tokenizer = loadTokenizer(folder);

const text = (id: string, prompt: string): Question => ({ id, prompt, columns: {} });
const questions: readonly Question[] = [
  text("a", "User: Make 24 from 3, 8, 1. Assistant:"),
  { id: "b", prompt: [{ role: "user", content: " 5 + 6" }], columns: {} },
  text("c", " 7"),
];
const options: RolloutOptions = {
  groupSize: 4,
  runSeed: 3,
  step: 2,
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  maxNewTokens: 20,
  eosTokenIds: new Set(Array.from({ length: 40 }, (_, index) => index * 9)),
  capacity: 5,
};

test("each group is handed on once, when its last completion ended, while others are still sampled", async () => {
  const model = tinyModel(1, "float32", { initializerRange: 0.1 });
  const before = liveTensors();
  const handed: number[] = [];
  const alive: boolean[] = [];
  const ended: string[] = [];
  const { groups, generatedTokens, seconds } = await rollout(model, tokenizer, questions, options, {
    onCompletion: ({ sample }, index) => {
      ended.push(`${index}:${sample}`);
    },
    onGroup: (group, index) => {
      handed.push(index);
      alive.push(liveTensors() > before);
      assert.equal(group.completions.length, 4);
      assert.equal(group.question, questions[index]);
      for (const { sample } of group.completions) assert.ok(ended.includes(`${index}:${sample}`));
    },
  });
  assert.deepEqual([...handed].sort(), [0, 1, 2]);
  assert.equal(new Set(ended).size, 12);
  assert.equal(alive[0], true, "the first group came before the end");
  assert.deepEqual(
    groups.map(({ question }) => question.id),
    ["a", "b", "c"],
  );
  const completions = groups.flatMap((group) => group.completions);
  assert.equal(
    generatedTokens,
    completions.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0),
  );
  assert.ok(seconds > 0);
  for (const { completions: group } of groups) {
    assert.deepEqual(
      group.map(({ sample }) => sample),
      [0, 1, 2, 3],
    );
  }
  for (const { text: decoded, tokenIds, finish } of completions) {
    assert.equal(decoded, tokenizer.decode(finish === "stop" ? tokenIds.slice(0, -1) : tokenIds));
  }
  assert.equal(liveTensors(), before);
  model.dispose();
});

test("the same question and sample are drawn alike in another batch, otherwise in another step", async () => {
  const model = tinyModel(1, "float32", { initializerRange: 0.1 });
  const idsOf = async (some: readonly Question[], change: Partial<RolloutOptions> = {}) => {
    const { groups } = await rollout(model, tokenizer, some, { ...options, ...change });
    return new Map(
      groups.map(({ question, completions }) => [question.id, completions.map((one) => one.tokenIds)]),
    );
  };
  const all = await idsOf(questions);
  const one = await idsOf([questions[1] as Question], { groupSize: 2 });
  assert.deepEqual(one.get("b"), all.get("b")?.slice(0, 2));
  assert.notDeepEqual((await idsOf(questions, { step: 3 })).get("b"), all.get("b"));
  assert.notDeepEqual((await idsOf(questions, { runSeed: 4 })).get("b"), all.get("b"));
  model.dispose();
});

test("a conversation goes through the template, and its records show the text", async () => {
  const [, conversation] = questions;
  const ids = promptTokenIds(tokenizer, conversation as Question);
  assert.equal(tokenizer.decode(ids), "user:  5 + 6 Assistant:");
  const model = tinyModel();
  const { groups } = await rollout(model, tokenizer, [conversation as Question], {
    ...options,
    groupSize: 2,
  });
  const [group = assert.fail("no group")] = groups;
  const scored = {
    ...group,
    completions: group.completions.map((completion) => ({ completion, reward: 1, breakdown: {} })),
  };
  const records = rolloutRecords(scored, 9, tokenizer, [0.5, -0.5]);
  assert.deepEqual(
    records.map(({ step, question, sample, prompt, advantage }) => [
      step,
      question,
      sample,
      prompt,
      advantage,
    ]),
    [
      [9, "b", 0, "user:  5 + 6 Assistant:", 0.5],
      [9, "b", 1, "user:  5 + 6 Assistant:", -0.5],
    ],
  );
  model.dispose();
});

test("the token that ended a completion is no part of its text, special or not", () => {
  const ids = tokenizer.encode(" 5 + 6");
  assert.equal(completionText(tokenizer, ids, "length"), " 5 + 6");
  assert.equal(completionText(tokenizer, ids, "stop"), " 5 +");
  assert.equal(completionText(tokenizer, [...ids, 0], "stop"), " 5 + 6");
});

test("an error leaves nothing alive: an impossible prompt, a listener that throws", async () => {
  const model = tinyModel();
  const before = liveTensors();
  const long = text("long", " 7".repeat(200));
  await assert.rejects(rollout(model, tokenizer, [long], options), PromptError);
  assert.equal(liveTensors(), before);
  await assert.rejects(
    rollout(model, tokenizer, questions, options, {
      onGroup: () => {
        throw new Error("listener");
      },
    }),
    /listener/,
  );
  assert.equal(liveTensors(), before);
  model.dispose();
});
