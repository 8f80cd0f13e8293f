/** What `@aha/torch` takes: microseconds a small op, in and out of autograd, and GEMM rates; as pytorch_ops.py. */
import { noGrad, scope, type Tensor, threads, torch, version } from "@aha/torch";
import type { OperatorMeasurement } from "./measurement.ts";

const calls = 20_000;
/** A scope is released at a time, as a module's call is: Python frees each result at once, and both are counted. */
const callsPerScope = 50;
const gemmSeconds = 1;

const gemmShapes = {
  "square 2048": [2048, 2048, 2048],
  "3m feed-forward": [4096, 256, 688],
  "135m feed-forward": [2048, 576, 1536],
  "135m head": [1024, 576, 49_152],
  "135m decode 32": [32, 576, 1536],
} as const;

/** The least over the rounds, in microseconds a call: a shared machine only ever adds to it. */
function bestMicroseconds(call: () => unknown, rounds = 15): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (let done = 0; done < calls; done += callsPerScope) {
      scope(() => {
        for (let index = 0; index < callsPerScope; index++) call();
      });
    }
    best = Math.min(best, performance.now() - started);
  }
  return (best / calls) * 1000;
}

function smallOps(): Record<string, number> {
  const [x, y, q] = [torch.randn([10]), torch.randn([10]), torch.randn([10])];
  const [a, b] = [torch.randn([8, 8]), torch.randn([8, 8])];
  const p = torch.randn([10]);
  p.requiresGrad = true;
  const plain: Record<string, () => unknown> = {
    add: () => x.add(y),
    "multiply by a number": () => x.mul(2),
    "matmul 8x8": () => a.matmul(b),
    view: () => a.view([64]),
    "add in place": () => x.add_(y),
  };
  const recorded: Record<string, () => unknown> = {
    "add, recorded": () => p.add(q),
    "multiply, sum, backward": () => {
      p.grad = null;
      p.mul(q).sum().backward();
    },
  };
  const measureAll = (operators: Record<string, () => unknown>) =>
    Object.entries(operators).map(([name, call]) => [name, bestMicroseconds(call)] as const);
  return Object.fromEntries([...noGrad(() => measureAll(plain)), ...measureAll(recorded)]);
}

/** GFLOP/s; the best of as many products as fit into the time, for each dtype and shape. */
function gemmRates(): Record<string, number> {
  const rates: Record<string, number> = {};
  for (const dtype of ["float32", "bfloat16"] as const) {
    for (const [name, [rows, inner, columns]] of Object.entries(gemmShapes)) {
      scope(() => {
        const [left, right] = [
          torch.randn([rows, inner], { dtype }),
          torch.randn([inner, columns], { dtype }),
        ];
        const seconds = noGrad(() => bestProductSeconds(left, right));
        rates[`${name} ${dtype}`] = (2e-9 * rows * inner * columns) / seconds;
      });
    }
  }
  return rates;
}

function bestProductSeconds(left: Tensor, right: Tensor): number {
  let best = Number.POSITIVE_INFINITY;
  scope(() => left.matmul(right));
  const deadline = performance.now() + gemmSeconds * 1000;
  while (performance.now() < deadline) {
    const started = performance.now();
    scope(() => {
      left.matmul(right);
    });
    best = Math.min(best, performance.now() - started);
  }
  return best / 1000;
}

const measurement: OperatorMeasurement = {
  implementation: "Aha",
  versions: { libtorch: version(), node: process.version },
  threads: threads(),
  smallOpMicroseconds: smallOps(),
  gemmGigaflops: gemmRates(),
};
console.log(JSON.stringify(measurement));
