/** LoRA adapters against PEFT: logits, losses, gradients of A and B, merged weights, and folders both ways. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { indices, liveTensors, noGrad, scope } from "@aha/torch";
import { readSafetensorsHeader } from "../src/folder/safetensors.ts";
import { namedParts } from "../src/models/decoder-weights.ts";
import type { Llama } from "../src/models/llama.ts";
import { type OpenModel, openDenseModel, saveModel } from "../src/models/load-model.ts";
import { mergeAdapter } from "../src/models/merge-adapter.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import { tokenLogProbabilities } from "../src/models/token-log-probabilities.ts";

interface Frozen {
  readonly inputs: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
  readonly meanLoss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly merged: Readonly<Record<string, readonly number[]>>;
}

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const { adapters } = JSON.parse(readFileSync(join(fixtures, "lora.json"), "utf8")) as {
  adapters: Record<string, Frozen>;
};
const temporary = mkdtempSync(join(tmpdir(), "aha-lora-"));
after(() => rmSync(temporary, { recursive: true, force: true }));

const open = (folder: string): OpenModel<Llama> =>
  openDenseModel(folder, { dtype: "float32", device: "cpu" });

function close(actual: Iterable<number>, expected: readonly number[], tolerance: number, what: string): void {
  const values = [...actual];
  assert.equal(values.length, expected.length, `${what}: length`);
  values.forEach((value, index) => {
    const wanted = expected[index] as number;
    const bound = tolerance * Math.max(1, Math.abs(wanted));
    assert.ok(Math.abs(value - wanted) <= bound, `${what}[${index}]: ${value}, expected ${wanted}`);
  });
}

/** Logits of every input in one ragged batch. */
function logitsOf({ model }: OpenModel<Llama>, inputs: Frozen["inputs"]): number[][] {
  return scope(() =>
    noGrad(() => {
      const batch = packSequences(inputs);
      const logits = model.logits(model.hidden(batch));
      return inputs.map((ids, index) => [
        ...logits.narrow(0, batch.starts[index] as number, ids.length).toNumbers(),
      ]);
    }),
  );
}

for (const [name, expected] of Object.entries(adapters)) {
  const folder = join(fixtures, "lora", name);

  test(`${name}: logits equal PEFT's, and the adapter matters`, () => {
    const opened = open(folder);
    const found = logitsOf(opened, expected.inputs);
    close(found.flat(), expected.logits.flat(), 2e-5, `${name} logits`);
    const without = opened.model.withAdapter(null, () => logitsOf(opened, expected.inputs));
    assert.ok(without.flat().some((value, index) => Math.abs(value - (found.flat()[index] as number)) > 0.1));
    opened.model.dispose();
  });

  for (const recompute of [false, true]) {
    test(`${name}: mean loss and every gradient equal PEFT's${recompute ? ", activations recomputed" : ""}`, () => {
      const before = liveTensors();
      const { model } = open(folder);
      model.trainable();
      model.recomputeActivations = recompute;
      scope(() => {
        const batch = packSequences(expected.inputs);
        const sources: number[] = [];
        const targets: number[] = [];
        expected.inputs.forEach((ids, index) => {
          ids.slice(1).forEach((id, offset) => {
            sources.push((batch.starts[index] as number) + offset);
            targets.push(id);
          });
        });
        const hidden = model.hidden(batch).indexSelect(0, indices(sources));
        const loss = tokenLogProbabilities(model, hidden, indices(targets)).logProbabilities.mean().neg();
        close([loss.item()], [expected.meanLoss], 1e-5, `${name} loss`);
        loss.backward();
        const matrices = model.adapters.active?.matrices() ?? assert.fail("no adapter");
        assert.deepEqual(matrices.map((one) => one.name).sort(), Object.keys(expected.gradients).sort());
        for (const { name: matrix, tensor, start, length } of matrices) {
          const gradient = tensor.grad ?? assert.fail(`${matrix} has no gradient`);
          const wanted = expected.gradients[matrix] as readonly number[];
          close(gradient.narrow(0, start, length).toNumbers(), wanted, 2e-5, matrix);
        }
        for (const { name: weight, tensor } of namedParts(model.config, model.weights)) {
          assert.ok(!tensor.requiresGrad && tensor.grad === null, `${weight} is frozen`);
        }
      });
      model.dispose();
      assert.equal(liveTensors(), before, "nothing is left alive");
    });
  }

  test(`${name}: merged into a folder, the weights equal PEFT's and the logits the adapter's`, () => {
    const target = join(temporary, `${name}-merged`);
    mergeAdapter(folder, target);
    const merged = open(target);
    assert.equal(merged.model.adapters.active, null);
    close(logitsOf(merged, expected.inputs).flat(), expected.logits.flat(), 5e-5, `${name} merged logits`);
    for (const part of namedParts(merged.model.config, merged.model.weights)) {
      if (!part.name.includes("_proj")) continue;
      const wanted = expected.merged[part.name] ?? assert.fail(`no frozen ${part.name}`);
      const values = [...scope(() => part.tensor.narrow(0, part.start, part.length).toNumbers())];
      const step = Math.max(1, Math.floor(values.length / 16));
      close(
        values.filter((_, index) => index % step === 0),
        wanted,
        1e-6,
        part.name,
      );
    }
    merged.model.dispose();
  });

  test(`${name}: saved and read back, every matrix has the same bits`, () => {
    const target = join(temporary, name);
    const { model, generation } = open(folder);
    const card = { title: "test", description: "test" };
    saveModel(target, model, { tokenizerFolder: null, generation, card });
    const again = open(target); // it names its base by an absolute path, wherever it lies
    const [before, later] = [model, again.model].map(
      (one) => one.adapters.active ?? assert.fail("no adapter"),
    );
    assert.deepEqual(later?.modules, before?.modules);
    scope(() => {
      before?.parameters().forEach((parameter, index) => {
        assert.ok(parameter.equal(later?.parameters()[index] ?? assert.fail("a matrix is missing")));
      });
    });
    const headers = [folder, target].map((one) =>
      readSafetensorsHeader(join(one, "adapter_model.safetensors")),
    );
    const shapes = headers.map(({ tensors }) => [...tensors].map(([key, { shape }]) => [key, shape]).sort());
    assert.deepEqual(shapes[1], shapes[0], "names and shapes are PEFT's");
    model.dispose();
    again.model.dispose();
  });
}
