/** A thousand training steps leave no tensor and hardly any memory behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  AdamW,
  clipGradNorm,
  defineFunction,
  generator,
  liveTensors,
  scope,
  type Tensor,
  TorchError,
  tensor,
  torch,
} from "../src/index.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const swish = defineFunction({
  name: "Swish",
  forward(context, x) {
    context.save(x as Tensor);
    return (x as Tensor).silu();
  },
  backward([x], [gradient]) {
    const gate = (x as Tensor).sigmoid();
    return (gradient as Tensor).mul(gate.mul((x as Tensor).mul(gate.neg().add(1)).add(1)));
  },
});

async function residentMegabytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().rss / 2 ** 20;
}

test("1,000 training steps", async () => {
  const stream = generator(1);
  const random = (...shape: number[]): Tensor => torch.randn(shape, { generator: stream });
  const parameters = scope(() =>
    [random(32, 64).mul(0.1), random(64, 8).mul(0.1)].map((p) => p.requiresGrad_()),
  );
  const [first, second] = parameters as [Tensor, Tensor];
  const optimiser = new AdamW(parameters, { learningRate: 1e-3 });
  const train = (): number =>
    scope(() => {
      const inputs = random(16, 32);
      const [hidden] = swish(inputs.mm(first));
      const loss = (hidden as Tensor)
        .mm(second)
        .sub(inputs.narrow(1, 0, 8))
        .pow(2)
        .mean();
      loss.backward();
      clipGradNorm(parameters, 1);
      optimiser.step();
      optimiser.zeroGrad();
      return loss.item();
    });
  // A failing step must not leak either.
  const fail = (): void =>
    assert.throws(
      () => scope(() => swish(random(4, 4))[0]?.mm(random(5, 5))),
      (error) => error instanceof TorchError,
    );
  const earlyLoss = train();
  for (let step = 0; step < 200; step++) train();
  const [tensorsBefore, memoryBefore] = [liveTensors(), await residentMegabytes()];
  let loss = 0;
  for (let step = 0; step < 1000; step++) {
    loss = train();
    if (step % 10 === 0) fail();
  }
  assert.equal(liveTensors(), tensorsBefore);
  const growth = (await residentMegabytes()) - memoryBefore;
  assert.ok(growth < 30, `resident memory grew by ${growth.toFixed(1)} MB`);
  assert.ok(loss < earlyLoss / 2, `the loss fell from ${earlyLoss} to ${loss} only`);
  optimiser.dispose();
  for (const parameter of parameters) parameter.dispose();
});

test("the count of live tensors sees a leak", () => {
  const before = liveTensors();
  const leaked = tensor([1]).keep();
  assert.equal(liveTensors(), before + 1);
  leaked.dispose();
});
