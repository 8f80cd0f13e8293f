/** Where an answer is found in free text, in English and Chinese, and where none is. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { extractAnswer } from "./extract-answer.ts";
import type { ExtractionRule, MathOptions } from "./options.ts";

const raw = String.raw;

type Case = readonly [text: string, answer: string | null, rule: ExtractionRule | null];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  boxes: [
    [raw`We get $\boxed{\frac{1}{2}}$.`, raw`\frac{1}{2}`, "boxed"],
    [raw`\boxed{\{1, \sqrt{2}\}}`, raw`\{1, \sqrt{2}\}`, "boxed"],
    [raw`\boxed 5 and so on`, "5", "boxed"],
    [raw`\boxed5`, "5", "boxed"],
    [raw`\fbox{7}`, "7", "boxed"],
    [raw`first \boxed{1}, then \boxed{2}`, "2", "boxed"],
    [raw`Put it in \boxed{}. It is \boxed{3}. As asked, in \boxed{...}`, "3", "boxed"],
    [raw`\boxed{\boxed{5}}`, raw`\boxed{5}`, "boxed"],
  ],
  "boxes cut off": [
    [raw`It is 5, so \boxed{5`, null, null],
    [raw`\boxed{1} then \boxed{2`, null, null],
    [raw`\boxed{`, null, null],
  ],
  "answer tags": [
    ["<think>5</think><answer>(1 + 2) / 3</answer>", "(1 + 2) / 3", "answer-tag"],
    [raw`<answer>The answer is \boxed{7}.</answer>`, "7", "answer-tag"],
    ["<answer>The answer is 7.</answer>", "7", "answer-tag"],
    ["<answer>Evelyn</answer>", "Evelyn", "answer-tag"],
    ["<answer>1</answer> no, <answer>2</answer>", "2", "answer-tag"],
    ["<answer>41<answer>42</answer></answer>43", "42", "answer-tag"],
  ],
  thinking: [
    [raw`<think>\boxed{5}</think>The answer is 6.`, "6", "stated"],
    [raw`\boxed{5}</think>The answer is 6.`, "6", "stated"],
    [raw`<think>Perhaps \boxed{42}, but`, null, null],
    [raw`<think>\boxed{5}</think>`, "5", "boxed"],
  ],
  "stated in English": [
    ["The answer is 5.", "5", "stated"],
    ["The answer is 12.5. I checked.", "12.5", "stated"],
    ["**Answer:** 5", "5", "stated"],
    ["The final answer is $x = 5$ because $x > 2$.", "x = 5", "stated"],
    ["The answer is $5 - x^7$.", "5 - x^7", "stated"],
    [raw`Final Answer: The final answer is $\$32,\!348$. I hope it is correct.`, raw`\$32,\!348`, "stated"],
    [raw`Thus the answer is \(\frac{3}{4}\).`, raw`\frac{3}{4}`, "stated"],
    ["The answer is $3$ and $5$.", "3, 5", "stated"],
    ["The answer is $10$ dollars.", "10 dollars", "stated"],
    ["The answer is 5 apples because she ate 3.", "5 apples", "stated"],
    ["The answer is (C) since it is larger.", "(C)", "stated"],
    ["The correct option is B.", "B", "stated"],
    ["The answer is 3.\nThe answer is 4.", "4", "stated"],
    ["The final answer is 3. Some say the answer is 4.", "3", "stated"],
  ],
  "stated in Chinese": [
    ["答案是 42。", "42", "stated"],
    [raw`所以答案为：$\frac{1}{2}$`, raw`\frac{1}{2}`, "stated"],
    ["故选：C。", "C", "stated"],
    ["故选C", "C", "stated"],
    ["因此最终答案是3个苹果。", "3个苹果", "stated"],
  ],
  hashes: [
    ["So she has 18.\n#### 18", "18", "hashes"],
    ["#### 1,234\nDone.", "1,234", "hashes"],
    ["#### Step 2\nIt is $5$.", "5", "last-formula"],
  ],
  "the whole text": [
    ["10, 4, -2", "10, 4, -2", "whole"],
    [raw`\text{Evelyn}`, raw`\text{Evelyn}`, "whole"],
    ["10 square inches", "10 square inches", "whole"],
    ["$3$ and $5$", "$3$ and $5$", "whole"],
  ],
  "last formula or number": [
    [raw`I believe it must be $\sqrt{2}$, that much is clear.`, raw`\sqrt{2}`, "last-formula"],
    [raw`Since $4 \cdot 5 = 20$, we finally get $13.0$.`, "13.0", "last-formula"],
    [raw`Since $4 \cdot 5 = 20$, we finally get $ 2\sqrt{10} $.`, raw`2\sqrt{10}`, "last-formula"],
    [raw`Since $4 \cdot 5 = 20$, we finally get 13.`, "13", "last-number"],
    ["Half of 40 is 20, so in total there are **17**.", "17", "last-number"],
    ["It costs $5 and then $7.", "$7", "last-number"],
    ["so we have 3 + 4 = 7", "7", "last-number"],
    ["所以小明一共有5个苹果。", "5", "last-number"],
    ["最后结果是５。", "5", "last-number"],
    ["The answer is 18%... no wait, it is 19.", "19", "last-number"],
    ["The answer cannot be 42.", null, null],
    ["Is the answer 42?", null, null],
    ["So the answer is 42?", null, null],
    ["It is not 42.", null, null],
    ["", null, null],
    ["It cannot be said with what is given here, I am afraid.", null, null],
  ],
  "a name at the end": [["So the student with the greatest average speed is Evelyn.", "Evelyn", "stated"]],
};

describe("extraction", () => {
  for (const [name, cases] of Object.entries(CASES))
    it(name, () => {
      for (const [text, answer, rule] of cases) {
        const found = extractAnswer(text);
        assert.deepEqual([found.answer, found.rule], [answer, rule], text);
      }
    });

  it("tries only the rules it is given, in their order", () => {
    const text = raw`The answer is 4. Or \boxed{5}? #### 6`;
    const first = (rules: MathOptions["rules"]): string | null =>
      extractAnswer(text, { rules: rules ?? [] }).answer;
    assert.equal(first(["stated"]), "4");
    assert.equal(first(["boxed", "hashes"]), "5");
    assert.equal(first(["hashes", "boxed"]), "6");
    assert.equal(first([]), null);
  });

  it("does not search the question's own words", () => {
    const question = "Ann has 3 apples and buys 42 more apples. How many apples does she have?";
    const echo = `The question was: ${question}`;
    assert.equal(extractAnswer(echo).answer, "42");
    assert.equal(extractAnswer(echo, { question }).answer, null);
    assert.equal(extractAnswer(`${echo} The answer is 45.`, { question }).answer, "45");
  });

  it("lists every box it found", () => {
    assert.deepEqual(extractAnswer(raw`\boxed{1}\boxed{2}`).all, ["1", "2"]);
  });
});
