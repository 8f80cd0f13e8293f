/** The fused head never holds a [tokens, vocabulary] matrix: peak memory of a process that scores and differentiates. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const TOKENS = 4096;
const VOCABULARY = 50_000;
const MATRIX = TOKENS * VOCABULARY * 4; // bytes of one float32 matrix of logits

/** Prints the growth of peak resident memory in bytes: of the fused head, then of logits made as a whole. */
const program = `
import { generator, indices, operator, peakResidentMemory, scope, torch } from "@aha/torch";
const head = operator("aha::token_log_probabilities");
const linear = operator("aten::linear");
const [tokens, vocabulary, width] = [${TOKENS}, ${VOCABULARY}, 32];
const random = generator(1);
const targets = indices(Array.from({ length: tokens }, (_, row) => (row * 7919) % vocabulary));
const run = (tokens) => scope(() => {
  const hidden = torch.randn([tokens, width], { generator: random });
  const weight = torch.randn([vocabulary, width], { generator: random });
  hidden.requiresGrad = true;
  weight.requiresGrad = true;
  const [scores] = head(hidden, weight, targets.narrow(0, 0, tokens), 1, 0);
  scores.mean().neg().backward();
  if (hidden.grad === null || weight.grad === null) throw new Error("no gradient");
});
run(64);
const before = peakResidentMemory();
run(tokens);
const fused = peakResidentMemory();
scope(() => linear(torch.randn([tokens, width], { generator: random }), torch.randn([vocabulary, width], { generator: random })).sum());
const whole = peakResidentMemory();
process.stdout.write(JSON.stringify({ fused: fused - before, whole: whole - before }));
`;

const skip = process.platform === "linux" ? false : "peak memory is read from /proc";

test("forward and backward of 4,096 tokens over 50,000 words grow by less than a sixth of their logits", {
  skip,
}, (context) => {
  const flags = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", program];
  const output = execFileSync(process.execPath, flags, { encoding: "utf8", cwd: import.meta.dirname });
  const { fused, whole } = JSON.parse(output) as { fused: number; whole: number };
  context.diagnostic(`fused head: ${Math.round(fused / 1e6)} MB; logits alone: ${MATRIX / 1e6} MB`);
  assert.ok(whole > 0.8 * MATRIX, `the measure sees a whole matrix: ${whole}`);
  assert.ok(fused < MATRIX / 6, `${fused} bytes, of a matrix of ${MATRIX}`);
});
