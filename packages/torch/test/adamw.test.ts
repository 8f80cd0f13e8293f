/** AdamW and gradient clipping against five frozen steps of PyTorch's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AdamW,
  clipGradNorm,
  globalNorm,
  liveTensors,
  scope,
  type Tensor,
  TorchError,
  tensor,
} from "../src/index.ts";
import { readFixture } from "./frozen.ts";

interface Case {
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly maximumNorm: number | null;
  readonly steps: readonly {
    readonly norm: number;
    readonly clipped: readonly (readonly number[])[];
    readonly parameters: readonly (readonly number[])[];
  }[];
}
interface Frozen {
  readonly shapes: readonly (readonly number[])[];
  readonly start: readonly (readonly number[])[];
  readonly gradients: readonly (readonly (readonly number[])[])[];
  readonly cases: readonly Case[];
}
const frozen = readFixture<Frozen>("adamw.json");

type Kind = "float64" | "float32" | "bfloat16";
const parametersOf = (dtype: Kind): Tensor[] =>
  frozen.start.map((values, index) => {
    const made = tensor(values, { dtype }).reshape(frozen.shapes[index] as readonly number[]);
    return made.requiresGrad_();
  });

function assertClose(
  got: ArrayLike<number>,
  wanted: readonly number[],
  tolerance: number,
  what: string,
): void {
  assert.equal(got.length, wanted.length);
  wanted.forEach((want, index) => {
    const value = got[index] as number;
    const allowed = tolerance * Math.max(Math.abs(want), 0.1);
    assert.ok(Math.abs(value - want) <= allowed, `${what}, element ${index}: ${value}, should be ${want}`);
  });
}

// The norm is rounded to float32, and with it what was clipped by it.
const tolerances = { float64: 1e-10, float32: 5e-6 } as const;
const normTolerance = 1e-6;
for (const dtype of ["float64", "float32"] as const) {
  frozen.cases.forEach((settings, index) => {
    test(`five steps in ${dtype}, settings ${index}`, () =>
      scope(() => {
        const parameters = parametersOf(dtype);
        const optimiser = new AdamW(parameters, settings);
        const tolerance = Math.max(tolerances[dtype], settings.maximumNorm === null ? 0 : normTolerance);
        settings.steps.forEach((wanted, step) => {
          parameters.forEach((parameter, which) => {
            const values = frozen.gradients[step]?.[which] as readonly number[];
            parameter.grad = tensor(values, { dtype }).reshape(parameter.shape);
          });
          const norm = clipGradNorm(parameters, settings.maximumNorm ?? Number.POSITIVE_INFINITY);
          assertClose([norm], [wanted.norm], normTolerance, `norm of step ${step}`);
          optimiser.step();
          parameters.forEach((parameter, which) => {
            const what = `step ${step} parameter ${which}`;
            const clipped = wanted.clipped[which] as readonly number[];
            assertClose(parameter.grad?.toNumbers() ?? [], clipped, tolerance, `${what} gradient`);
            assertClose(
              parameter.toNumbers(),
              wanted.parameters[which] as readonly number[],
              tolerance,
              what,
            );
          });
          optimiser.zeroGrad();
          assert.ok(parameters.every((parameter) => parameter.grad === null));
        });
        assert.equal(optimiser.steps, frozen.cases[0]?.steps.length);
        optimiser.dispose();
      }));
  });
}

test("bfloat16 parameters follow float32 masters: small steps add up", () =>
  scope(() => {
    const [start, steps, learningRate] = [256, 400, 1e-3];
    const parameter = tensor(Array.from({ length: 100 }, () => start))
      .to("bfloat16")
      .requiresGrad_();
    const reference = tensor(Array.from({ length: 100 }, () => start)).requiresGrad_();
    const options = { learningRate, weightDecay: 0 };
    const [low, full] = [new AdamW([parameter], options), new AdamW([reference], options)];
    for (let step = 0; step < steps; step++) {
      scope(() => {
        // Exact in bfloat16, so that both see the same gradients.
        const gradient = tensor(
          Array.from({ length: 100 }, (_, index) => 0.5 + ((index * 7 + step) % 4) / 4),
        );
        parameter.grad = gradient.to("bfloat16");
        reference.grad = gradient;
        low.step();
        full.step();
      });
    }
    const master = low.stateTensors().get("master.0") as Tensor;
    assert.deepEqual(
      master.toNumbers(),
      reference.detach().toNumbers(),
      "the master is float32's own path, bit for bit",
    );
    assert.deepEqual(parameter.detach().toNumbers(), reference.detach().to("bfloat16").toNumbers());
    // Each step is a thousandth of the parameter's last bit: without a master it would not have moved.
    assert.ok((master.toNumbers()[0] as number) < start - 0.3);
    low.dispose();
    full.dispose();
  }));

test("gradients given apart, and scaled", () =>
  scope(() => {
    const [one, other] = [tensor([1, 2]).requiresGrad_(), tensor([1, 2]).requiresGrad_()];
    const [first, second] = [
      new AdamW([one], { learningRate: 0.1 }),
      new AdamW([other], { learningRate: 0.5 }),
    ];
    one.grad = tensor([3, -4]);
    first.step();
    second.step({ gradients: [tensor([6, -8])], gradientScale: 0.5, learningRate: 0.1 });
    assert.deepEqual(one.detach().toArray(), other.detach().toArray());
    first.dispose();
    second.dispose();
  }));

test("a parameter without a gradient stays as it is", () =>
  scope(() => {
    const [used, unused] = [tensor([1]).requiresGrad_(), tensor([1]).requiresGrad_()];
    const optimiser = new AdamW([used, unused], { learningRate: 0.1 });
    used.grad = tensor([1]);
    optimiser.step();
    assert.ok(used.item() < 1);
    assert.equal(unused.item(), 1);
    optimiser.dispose();
  }));

test("state goes out and in: the steps after are the same, bit for bit", () =>
  scope(() => {
    const gradient = (step: number): Tensor => tensor([Math.sin(step), Math.cos(step), 1]);
    const make = (): [Tensor, AdamW] => {
      const parameter = tensor([1, 2, 3]).requiresGrad_();
      return [parameter, new AdamW([parameter], { learningRate: 0.1 })];
    };
    const [through, whole] = make();
    for (let step = 0; step < 6; step++) whole.step({ gradients: [gradient(step)] });
    const [before, firstHalf] = make();
    for (let step = 0; step < 3; step++) firstHalf.step({ gradients: [gradient(step)] });
    const [after, secondHalf] = make();
    secondHalf.loadState(firstHalf.steps, firstHalf.stateTensors());
    after.setData(before.detach().clone());
    for (let step = 3; step < 6; step++) secondHalf.step({ gradients: [gradient(step)] });
    assert.deepEqual(after.detach().toArray(), through.detach().toArray());
    assert.throws(
      () => secondHalf.loadState(1, new Map()),
      (error) => error instanceof TorchError && /first\.0 is missing/.test(error.message),
    );
    assert.throws(
      () => secondHalf.loadState(1, new Map([["first.0", tensor([1])]])),
      /first\.0 should be float32 \[3\], is float32 \[1\]/,
    );
    for (const optimiser of [whole, firstHalf, secondHalf]) optimiser.dispose();
  }));

test("the norm of everything together; a norm that is not finite clips nothing", () =>
  scope(() => {
    assert.equal(globalNorm([]), 0);
    assert.equal(globalNorm([tensor([3]), tensor([[4]], { dtype: "bfloat16" })]), 5);
    const parameter = tensor([1, 1]).requiresGrad_();
    assert.equal(clipGradNorm([parameter], 1), 0);
    parameter.grad = tensor([Number.NaN, 5]);
    assert.ok(Number.isNaN(clipGradNorm([parameter], 1)));
    assert.equal((parameter.grad as Tensor).toNumbers()[1], 5);
  }));

test("nothing is left behind", () => {
  const before = liveTensors();
  scope(() => {
    const optimiser = new AdamW(parametersOf("bfloat16"), { learningRate: 0.1 });
    optimiser.step();
    optimiser.dispose();
  });
  assert.equal(liveTensors(), before);
});
