/** Tests of the pretraining corpus: what it promises about shares, arithmetic, and held-out questions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isWellFormed, judgeCountdown } from "@aha/verify";
import { type CountdownCorpusOptions, type CountdownDocument, countdownCorpus } from "./countdown-corpus.ts";
import { countdownQuestionDefaults, countdownSplit } from "./countdown-questions.ts";
import { countReflectiveWords } from "./reflection.ts";

function take(count: number, options: CountdownCorpusOptions = {}, seed = 1): CountdownDocument[] {
  const documents: CountdownDocument[] = [];
  for (const document of countdownCorpus(seed, options)) {
    documents.push(document);
    if (documents.length === count) break;
  }
  return documents;
}

test("is the same for the same seed and another for another", () => {
  assert.deepEqual(take(30), take(30));
  assert.notDeepEqual(take(30), take(30, {}, 2));
});

test("never shows a held-out question", () => {
  for (const { problem } of take(5_000)) {
    assert.equal(countdownSplit(problem, countdownQuestionDefaults.heldOutOneIn), "train");
  }
});

test("every document that thinks is well formed, says wait between its tries, and answers with its last try", () => {
  for (const { problem, completion, tries } of take(2_000, { arithmeticErrors: 0 })) {
    assert.equal(isWellFormed(completion), tries > 0, completion);
    assert.equal(countReflectiveWords(completion).wait, Math.max(0, tries - 1));
    if (tries === 0) continue;
    const judgement = judgeCountdown(completion, problem.nums, problem.target);
    assert.notEqual(judgement.outcome, "unparsed", completion);
    const last = /= (\d+)(?: yes)? <\/think>/.exec(completion)?.[1];
    assert.equal(judgement.outcome === "correct", Number(last) === problem.target, completion);
    assert.equal(completion.includes(" yes </think>"), Number(last) === problem.target, completion);
  }
});

test("the stated arithmetic is right where errors are off, and wrong as often as asked where they are on", () => {
  const wrongShare = (documents: readonly CountdownDocument[]): number => {
    const steps = documents.flatMap(({ completion }) => [
      ...completion.matchAll(/(\d+) ([-+*/]) (\d+) = (\d+)/g),
    ]);
    const wrong = steps.filter(([, left, operator, right, result]) => {
      const [a, b] = [Number(left), Number(right)];
      const truth = operator === "+" ? a + b : operator === "-" ? a - b : operator === "*" ? a * b : a / b;
      return truth !== Number(result);
    });
    return wrong.length / steps.length;
  };
  assert.equal(wrongShare(take(1_000, { arithmeticErrors: 0 })), 0);
  const share = wrongShare(take(2_000, { arithmeticErrors: 0.1 }));
  assert.ok(share > 0.05 && share < 0.15, String(share));
});

test("the shares of thoughtless, short and long documents are as asked", () => {
  const documents = take(6_000, { withoutThinking: 0.2, oneTry: 0, fewTries: 0, longestSearch: 6 });
  const thoughtless = documents.filter(({ tries }) => tries === 0).length / documents.length;
  assert.ok(Math.abs(thoughtless - 0.2) < 0.02, String(thoughtless));
  assert.equal(Math.max(...documents.map(({ tries }) => tries)), 6);
  const all = take(500, { withoutThinking: 0, oneTry: 1, fewTries: 0 });
  assert.ok(all.every(({ tries }) => tries === 1));
});

test("tries do not repeat themselves while there are others", () => {
  for (const { completion } of take(1_500, {
    oneTry: 0,
    fewTries: 0,
    arithmeticErrors: 0,
    longestSearch: 8,
  })) {
    const tries = completion.split("</think>")[0]?.split(" wait ") ?? [];
    assert.ok(new Set(tries).size >= tries.length - 1, completion);
  }
});
