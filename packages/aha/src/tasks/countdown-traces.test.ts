/** Cold-start traces: every answer is right, every wrong try is told as wrong, none meets a held-out question. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeCountdown } from "@aha/verify";
import { countdown } from "./countdown.ts";
import { countdownTraces } from "./countdown-traces.ts";

function contentOf(value: unknown): string {
  const [turn] = value as readonly { readonly content: string }[];
  return turn?.content ?? assert.fail("no turn");
}

test("traces answer rightly and say of every try what it comes to", () => {
  const { rows } = countdownTraces(120, { seed: 4 });
  assert.equal(rows.length, 120);
  const triesSeen = new Set<number>();
  for (const { prompt, completion } of rows) {
    const asked = /numbers ([\d, ]+) exactly once, .* make (\d+)\./.exec(contentOf(prompt));
    const nums = (asked?.[1] ?? "").split(", ").map(Number);
    const target = Number(asked?.[2]);
    const text = contentOf(completion);
    assert.equal(judgeCountdown(text, nums, target).outcome, "correct", text);
    const lines = text.split("\n").filter((line) => /^(Try|Wait, try) /.test(line));
    triesSeen.add(lines.length);
    lines.forEach((line, index) => {
      for (const [, left, operator, right, result] of line.matchAll(/(\d+) ([-+*/]) (\d+) = (\d+)/g)) {
        const [a, b] = [Number(left), Number(right)];
        const value = { "+": a + b, "-": a - b, "*": a * b, "/": a / b }[operator as string];
        assert.equal(value, Number(result), line);
      }
      const last = index === lines.length - 1;
      assert.equal(line.includes(", not "), !last, line);
      assert.equal(line.startsWith("Wait"), index > 0, line);
    });
  }
  assert.deepEqual([...triesSeen].sort(), [1, 2, 3, 4, 5, 6]);
});

test("the same seed gives the same traces, and none is about a held-out question", () => {
  const [first, second] = [countdownTraces(60, { seed: 2 }), countdownTraces(60, { seed: 2 })];
  assert.deepEqual(first, second);
  assert.notDeepEqual(first.rows, countdownTraces(60, { seed: 3 }).rows);
  const heldOut = new Set(
    countdown({ prompt: "chat", heldOut: 300 }).heldOut.map(({ prompt }) => contentOf(prompt)),
  );
  for (const { prompt } of first.rows) assert.ok(!heldOut.has(contentOf(prompt)));
});

test("the share that gives up tries once, says that it failed, and answers with it", () => {
  const { rows } = countdownTraces(300, { seed: 5, givingUp: 0.7 });
  const short = rows
    .map(({ completion }) => contentOf(completion))
    .filter((text) => /, not \d+\.\n<\/think>/.test(text));
  assert.ok(short.length > 300 * 0.6 && short.length < 300 * 0.8, `${short.length} of 300`);
  for (const text of short) {
    assert.equal(text.split("\n").filter((line) => line.startsWith("Try ")).length, 1);
    assert.doesNotMatch(text, /Wait/);
    assert.match(text, /<answer> .+ <\/answer>$/);
  }
});
