/** Text of completions as it arrives: stop texts, reasoning in front of the answer, and thinking budgets. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { temporaryFolder, writeWorldTokenizer } from "../../test/helpers/tiny-model.ts";
import { AnswerText } from "./answer-text.ts";
import { createReasoningSplitter, endsInReasoning } from "./reasoning-splitter.ts";
import { createStopFilter } from "./stop-strings.ts";

const folder = temporaryFolder("answer");
after(() => rmSync(folder, { recursive: true }));
const tokenizer = writeWorldTokenizer(folder);

/** Every way of cutting a text into pieces of the given size. */
function cut(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}

test("a stop text is found however it is cut, and what only looks like one is given out in the end", () => {
  const filtered = (text: string, stops: readonly string[], size: number) => {
    const filter = createStopFilter(stops);
    let out = "";
    for (const piece of cut(text, size)) {
      const { text: certain, stopped } = filter.push(piece);
      out += certain;
      assert.ok(text.startsWith(out), "nothing is given out that is taken back");
      if (stopped) return [out, true];
    }
    return [out + filter.end(), false];
  };
  for (const size of [1, 2, 3, 5, 100]) {
    assert.deepEqual(filtered("one\n\ntwo", ["\n\n"], size), ["one", true]);
    assert.deepEqual(filtered("one\ntwo\n", ["\n\n"], size), ["one\ntwo\n", false]);
    assert.deepEqual(filtered("aabaabaac", ["aabaac", "zz"], size), ["aab", true]);
    assert.deepEqual(filtered("hello END world", ["STOP", "END"], size), ["hello ", true]);
    assert.deepEqual(filtered("nothing", [], size), ["nothing", false]);
    assert.deepEqual(filtered("no stop", [""], size), ["no stop", false]);
  }
});

test("reasoning and answer are separated however the text is cut", () => {
  const split = (text: string, open: boolean, size: number) => {
    const splitter = createReasoningSplitter(open);
    let [reasoning, answer] = ["", ""];
    for (const piece of cut(text, size)) {
      const certain = splitter.push(piece);
      reasoning += certain.reasoning;
      answer += certain.text;
    }
    const rest = splitter.end();
    return [reasoning + rest.reasoning, answer + rest.text, splitter.state];
  };
  for (const size of [1, 2, 3, 4, 7, 200]) {
    assert.deepEqual(split("<think>\nLet me see.\n\nYes.\n</think>\n\nFour.\n", false, size), [
      ...["Let me see.\n\nYes.", "Four.\n", "after"],
    ]);
    assert.deepEqual(split("\n <think>a</think>b", false, size), ["a", "b", "after"]);
    assert.deepEqual(split("Let me see. </think>Four.", true, size), ["Let me see.", "Four.", "after"]);
    assert.deepEqual(split("<think></think>\n\nFour.", false, size), ["", "Four.", "after"]);
    assert.deepEqual(split("still thinking </thin", true, size), ["still thinking </thin", "", "inside"]);
    assert.deepEqual(split("No <think> here</think>", false, size), ["", "No <think> here</think>", "after"]);
    assert.deepEqual(split(" <thought>", false, size), ["", " <thought>", "after"]);
    assert.deepEqual(split("<thi", false, size), ["", "<thi", "after"]);
    assert.deepEqual(split("", false, size), ["", "", "after"]);
    assert.deepEqual(split("<think>a</think>b</think>c", false, size), ["a", "b</think>c", "after"]);
  }
  assert.equal(endsInReasoning("<|Assistant|><think>\n"), true);
  assert.equal(endsInReasoning("<think></think>"), false);
});

/** Feeds the tokens of a text until the budget closes the reasoning. */
function thinkAloud(text: string, budget: number | null, open = true) {
  const answer = new AnswerText(tokenizer, { stops: [], reasoning: { open, budget } });
  let [reasoning, said, tokens, forced] = ["", "", 0, ""];
  const queue = tokenizer.encode(text);
  while (queue.length > 0) {
    const piece = answer.push(queue.shift() as number);
    reasoning += piece.reasoning;
    said += piece.text;
    if (piece.inReasoning) tokens++;
    const closing = answer.closing();
    if (closing.length === 0) continue;
    assert.equal(forced, "", "closed once");
    forced = tokenizer.decode(closing, { skipSpecialTokens: false });
    queue.unshift(...closing);
  }
  const rest = answer.end();
  return { reasoning: reasoning + rest.reasoning, said: said + rest.text, tokens, forced };
}

test("a thinking budget closes the reasoning behind a sentence shortly before its end, else at its end", () => {
  const sentences =
    "We try three. It is not so. We try again, and again, and on and on it goes without any end";
  const whole = thinkAloud(sentences, null);
  assert.equal(whole.forced, "");
  assert.equal(whole.said, "");
  const first = tokenizer.encode("We try three. It is not so.").length;
  // The sentence's end falls into the last eighth of the budget.
  const graceful = thinkAloud(sentences, first + 2);
  assert.equal(graceful.reasoning, "We try three. It is not so.");
  assert.equal(graceful.forced, "\n</think>\n\n");
  assert.ok(graceful.said.startsWith("We try again"));
  const hard = thinkAloud(sentences, 4);
  assert.ok(hard.reasoning.length > 0 && sentences.startsWith(hard.reasoning));
  assert.ok(hard.tokens <= 4 + tokenizer.encode("\n</think>").length);
  // A model that closes by itself, or does not think, is left alone.
  assert.equal(thinkAloud("Yes.</think>\nAnd now a long answer, longer than the budget.", 12).forced, "");
  assert.equal(thinkAloud("A long answer, longer than the budget.", 2, false).forced, "");
  assert.equal(
    thinkAloud("<think>A long thought, longer than the budget.", 3, false).forced,
    "\n</think>\n\n",
  );
});
