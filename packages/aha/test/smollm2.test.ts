/** A real checkpoint (SmolLM2-135M-Instruct, as `npm run fetch:smollm2` leaves it) against what transformers computes with it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { noGrad, scope, setThreads } from "@aha/torch";
import { openModel, openTokenizer } from "../src/models/load-model.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import { generateCompletions } from "../src/tools/generate-completions.ts";
import { scoreLines } from "../src/tools/score-lines.ts";

const folder = resolve(import.meta.dirname, "../../../.aha/models/SmolLM2-135M-Instruct");
const absent = existsSync(join(folder, "model.safetensors")) ? false : "not fetched: npm run fetch:smollm2";
const fixtures = join(import.meta.dirname, "fixtures");
const text = readFileSync(join(fixtures, "english.txt"), "utf8");

interface Frozen {
  readonly tokens: number;
  readonly ids: readonly number[];
  readonly loss: number;
  readonly lastLogits: readonly number[];
  readonly largestLogit: readonly [number, number];
  readonly question: string;
  readonly promptIds: readonly number[];
  readonly answerIds: readonly number[];
  readonly answer: string;
}
const frozen = JSON.parse(readFileSync(join(fixtures, "smollm2.json"), "utf8")) as Frozen;
const float32 = { dtype: "float32", device: "cpu" } as const;
setThreads(1);

test("logits and the perplexity of a fixed English text are transformers'", { skip: absent }, async () => {
  const { model } = openModel(folder, float32);
  const ids = openTokenizer(folder, model.config).encode(text, { addSpecialTokens: false });
  assert.equal(ids.length, frozen.tokens);
  assert.deepEqual(ids.slice(0, 16), frozen.ids);
  const logits = noGrad(() =>
    scope(() => {
      const hidden = model.hidden(packSequences([ids]));
      return Array.from(model.logits(hidden.narrow(0, ids.length - 1, 1)).toTypedArray() as Float32Array);
    }),
  );
  frozen.lastLogits.forEach((wanted, index) => {
    assert.ok(Math.abs((logits[4096 * index] as number) - wanted) < 2e-3, `logit ${4096 * index}`);
  });
  assert.equal(logits.indexOf(Math.max(...logits)), frozen.largestLogit[0]);
  model.dispose();
  const lines = (async function* () {
    yield { text };
  })();
  for await (const { loss } of scoreLines({ model: folder, ...float32 }, lines)) {
    assert.ok(Math.abs(loss - frozen.loss) < 2e-5, `${loss}, expected ${frozen.loss}`);
  }
});

test("it answers through its chat template, greedily with the same tokens", { skip: absent }, async () => {
  const [answer] = await generateCompletions({
    ...{ model: folder, prompt: { text: frozen.question }, chat: true, samples: 1, ...float32 },
    sampling: { temperature: 0, topP: 1, topK: 0, minP: 0, maxNewTokens: 24, seed: 0 },
  });
  assert.deepEqual(answer?.promptTokenIds, frozen.promptIds);
  assert.deepEqual(answer?.tokenIds, frozen.answerIds);
  assert.equal(answer?.text, frozen.answer);
});
