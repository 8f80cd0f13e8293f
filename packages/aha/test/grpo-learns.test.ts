/** GRPO learns, fast: thirty cheap steps make a tiny model do what is rewarded, and shuffled rewards do not. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import type { Task } from "../src/tasks/task.ts";
import { metricsOf, pretrainInput, runTrain, testFolder, tinyBase, trainInput } from "./helpers/tiny-runs.ts";

const folder = testFolder("learns");
let base = "";
before(async () => {
  base = await tinyBase(folder);
});

/** Which of 384 tokens comes first is all that counts: an even number after a space, about one in seven at first. */
const bandit: Task = {
  name: "bandit",
  train: Array.from({ length: 16 }, (_, id) => ({
    id: `q${id}`,
    prompt: `User: Make ${id + 10}`,
    columns: {},
  })),
  heldOut: [],
  rewards: [
    {
      name: "accuracy",
      weight: 1,
      judge: ({ completion }) => ({ value: /^ [0-9]*[02468](?![0-9])/.test(completion) ? 1 : 0 }),
    },
  ],
};

type Fields = Readonly<Record<string, unknown>>;

async function rewards(name: string, rl: Fields, model: Fields = {}): Promise<number[]> {
  const common = { steps: 30, questionsPerStep: 8, groupSize: 8, maxNewTokens: 3, learningRate: 0.01 };
  const input = trainInput(
    base,
    { ...common, klCoefficient: 0, ...rl },
    {
      model: { path: base, device: "cpu", ...model },
      ...{ task: bandit, evaluation: { questions: 0 }, checkpoint: { every: 0 } },
      log: { rolloutsEvery: 0, sampleEvery: 0 },
    },
  );
  const run = join(folder, name);
  await runTrain(input, run);
  return metricsOf(run).map((one) => one.reward ?? Number.NaN);
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

for (const [name, rl] of Object.entries({
  "the paper's form": {},
  "token mean, by sequence, in mini-batches": {
    lossForm: "token-mean",
    importance: "sequence",
    miniBatches: 2,
  },
  "Dr. GRPO's form": { lossForm: "constant-length", advantageForm: "mean-centred" },
})) {
  test(`${name} learns the rewarded token`, async () => {
    const earned = await rewards(name.replaceAll(/\W+/g, "-"), rl);
    const [first, last] = [mean(earned.slice(0, 2)), mean(earned.slice(-3))];
    assert.ok(first < 0.5, `it could do it already: ${first}`);
    assert.ok(last > 0.9, `${first} → ${last}`);
  });
}

test("an adapter of rank 4 on a frozen model learns it too", async () => {
  // The head is frozen as well: with the other base's narrow one, no hidden state could give a token most of the weight.
  const { model } = pretrainInput("");
  const drawnWider = { model: { ...(model as Fields), initializerRange: 0.3 } };
  const path = await tinyBase(join(folder, "wider"), drawnWider);
  const earned = await rewards("lora", { learningRate: 0.02 }, { path, lora: { rank: 4, alpha: 8 } });
  const [first, last] = [mean(earned.slice(0, 2)), mean(earned.slice(-3))];
  assert.ok(first < 0.4 && last > 0.8, `${first} → ${last}`);
});

test("with shuffled rewards the same run does not learn", async () => {
  const earned = await rewards("shuffled", { shuffleRewards: true });
  assert.ok(mean(earned.slice(-3)) < 0.4, earned.join(" "));
});
