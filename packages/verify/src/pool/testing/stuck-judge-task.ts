/** A judge for the tests of verifyMath that hangs or dies on command, as a real one must never. */
import type { JudgeMathTask } from "../judge-math-task.ts";

export function run({ prediction, gold, options }: JudgeMathTask): unknown {
  if (prediction === "exit") process.exit(9);
  while (prediction === "loop");
  return { outcome: "wrong", predicted: prediction, expected: gold, how: JSON.stringify(options) };
}
