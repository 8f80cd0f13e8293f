import { join } from "node:path";
import { test } from "node:test";
import { metricsOf, runTrain, testFolder, tinyBase, trainInput } from "/work/main/packages/aha/test/helpers/tiny-runs.ts";
const folder = testFolder("try");
const bandit = { name: "bandit", train: Array.from({ length: 16 }, (_, id) => ({ id: `q${id}`, prompt: `User: Make ${id + 10}`, columns: {} })), heldOut: [],
  rewards: [{ name: "accuracy", weight: 1, judge: ({ completion }: {completion: string}) => ({ value: /^ [0-9]*[02468](?![0-9])/.test(completion) ? 1 : 0 }) }] };
test("x", async () => {
  const base = await tinyBase(folder);
  for (const [lr, rank, alpha, clip] of [[0.01, 4, 8,1],[0.02,4,8,1],[0.03,4,8,1],[0.02,16,16,1],[0.01,16,32,1]] as const) {
    const run = join(folder, `r${lr}-${rank}-${alpha}-${clip}`);
    const t = performance.now();
    await runTrain(trainInput(base, { steps: 80, questionsPerStep: 8, groupSize: 8, maxNewTokens: 3, learningRate: lr, klCoefficient: 0, maxGradientNorm: clip }, { model: { path: base, device: "cpu", lora: { rank, alpha } }, task: bandit, evaluation: { questions: 0 }, checkpoint: { every: 0 }, log: { rolloutsEvery: 0, sampleEvery: 0 } }), run);
    console.log(lr, rank, alpha, (performance.now()-t)|0, metricsOf(run).map((m) => (m.reward ?? 0).toFixed(2)).join(" "), metricsOf(run).map((m) => (m.grad_norm ?? 0).toFixed(2)).slice(0,5).join(" "));
  }
});
