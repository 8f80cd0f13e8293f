/** The decoder against transformers: logits, losses, gradients, greedy decoding, and folders both ways. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { indices, liveTensors, noGrad, scope } from "@aha/torch";
import { namedParts } from "../src/models/decoder-weights.ts";
import type { Llama } from "../src/models/llama.ts";
import { openDenseModel, saveModel } from "../src/models/load-model.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import { tokenLogProbabilities } from "../src/models/token-log-probabilities.ts";
import { Decoder } from "../src/rollout/decoder.ts";

interface FrozenCase {
  readonly inputIds: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly logProbabilities: readonly number[];
  readonly loss: number;
  readonly greedy: readonly number[];
}
interface FrozenGradient {
  readonly shape: readonly number[];
  readonly norm: number;
  readonly values?: readonly number[];
  readonly step?: number;
  readonly everyStep?: readonly number[];
}
interface FrozenModel {
  readonly cases: readonly FrozenCase[];
  readonly meanLoss: number;
  readonly gradients: Readonly<Record<string, FrozenGradient>>;
}

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const frozen = JSON.parse(readFileSync(join(fixtures, "families.json"), "utf8")) as {
  models: Record<string, FrozenModel>;
};

function close(actual: Iterable<number>, expected: readonly number[], tolerance: number, what: string): void {
  const values = [...actual];
  assert.equal(values.length, expected.length, `${what}: length`);
  values.forEach((value, index) => {
    const wanted = expected[index] as number;
    const bound = tolerance * Math.max(1, Math.abs(wanted));
    assert.ok(Math.abs(value - wanted) <= bound, `${what}[${index}]: ${value}, expected ${wanted}`);
  });
}

const open = (name: string): Llama =>
  openDenseModel(join(fixtures, name), { dtype: "float32", device: "cpu" }).model;

for (const [name, expected] of Object.entries(frozen.models)) {
  test(`${name}: logits and losses of unequal lengths in one ragged batch equal transformers'`, () => {
    const model = open(name);
    scope(() =>
      noGrad(() => {
        const batch = packSequences(expected.cases.map(({ inputIds }) => inputIds));
        const logits = model.logits(model.hidden(batch));
        expected.cases.forEach((one, index) => {
          const rows = logits.narrow(0, batch.starts[index] as number, one.inputIds.length);
          close(rows.toNumbers(), one.logits.flat(), 2e-5, `${name} case ${index} logits`);
        });
      }),
    );
    model.dispose();
  });

  test(`${name}: token log-probabilities, mean loss and every gradient equal transformers'`, () => {
    const before = liveTensors();
    const model = open(name).trainable();
    scope(() => {
      const batch = packSequences(expected.cases.map(({ inputIds }) => inputIds));
      const sources: number[] = [];
      const targets: number[] = [];
      expected.cases.forEach(({ inputIds }, index) => {
        for (let offset = 1; offset < inputIds.length; offset++) {
          sources.push((batch.starts[index] as number) + offset - 1);
          targets.push(inputIds[offset] as number);
        }
      });
      const hidden = model.hidden(batch).indexSelect(0, indices(sources));
      const { logProbabilities } = tokenLogProbabilities(model, hidden, indices(targets), 1, 3);
      close(
        logProbabilities.toNumbers(),
        expected.cases.flatMap((one) => one.logProbabilities),
        2e-5,
        `${name} log-probabilities`,
      );
      const loss = logProbabilities.mean().neg();
      close([loss.item()], [expected.meanLoss], 1e-5, `${name} loss`);
      loss.backward();
      for (const { name: weight, tensor, start, length } of namedParts(model.config, model.weights)) {
        const gradient =
          tensor.grad?.narrow(0, start, length).flatten() ?? assert.fail(`${weight} has no gradient`);
        const wanted = expected.gradients[weight] ?? assert.fail(`no frozen gradient of ${weight}`);
        close([gradient.norm().item()], [wanted.norm], 1e-4, `${weight} gradient norm`);
        if (wanted.values !== undefined)
          close(gradient.toNumbers(), wanted.values, 2e-5, `${weight} gradient`);
        if (wanted.everyStep !== undefined) {
          const some = gradient.slice(0, 0, null, wanted.step ?? 1);
          close(some.toNumbers(), wanted.everyStep, 2e-5, `${weight} gradient`);
        }
      }
    });
    model.dispose();
    assert.equal(liveTensors(), before, "nothing is left alive");
  });

  test(`${name}: greedy decoding with the cache gives transformers' tokens`, () => {
    const model = open(name);
    const longest = Math.max(...expected.cases.map(({ greedy }) => greedy.length));
    const decoder = new Decoder(
      model,
      expected.cases.map(({ inputIds }) => ({ promptTokenIds: inputIds, seeds: [0n] })),
      {
        temperature: 0,
        topP: 1,
        topK: 0,
        minP: 0,
        maxNewTokens: longest,
        eosTokenIds: new Set(),
        capacity: 3,
      },
    );
    const found: number[][] = [];
    while (!decoder.finished)
      for (const { request, tokenIds } of decoder.step()) found[request] = [...tokenIds];
    expected.cases.forEach(({ greedy }, index) => {
      assert.deepEqual((found[index] ?? []).slice(0, greedy.length), greedy, `${name} case ${index}`);
    });
    model.dispose();
  });

  test(`${name}: what is saved is read back with the same bits`, () => {
    const folder = mkdtempSync(join(tmpdir(), "aha-llama-"));
    try {
      const { model, generation } = openDenseModel(join(fixtures, name), { dtype: "float32", device: "cpu" });
      saveModel(folder, model, {
        tokenizerFolder: null,
        generation,
        card: { title: "test", description: "test" },
        maximumShardBytes: 4000,
      });
      const again = openDenseModel(folder, { dtype: "float32", device: "cpu" }).model;
      assert.deepEqual(again.config, model.config);
      scope(() => {
        model.parameters().forEach((parameter, index) => {
          assert.ok(parameter.equal(again.parameters()[index] ?? assert.fail("a parameter is missing")));
        });
      });
      model.dispose();
      again.dispose();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
