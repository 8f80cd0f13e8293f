/** Times small operators and matrix products through @aha/torch; prints one JSON object. The peer is small_op.py. */
import { noGrad, operator, scope, setThreads, type Tensor, tensor, threads, torch } from "../src/index.ts";

const rounds = 7;
const batch = 20_000;
const perScope = 100; // as many operators as a layer or two would leave for one scope to free

const cpuMicroseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** Microseconds of processor time a call, all threads of the process counted: garbage collection is in it. */
function timeSmall(call: () => unknown): number {
  const once = (): void => {
    for (let done = 0; done < batch; done += perScope) {
      scope(() => {
        for (let index = 0; index < perScope; index++) call();
      });
    }
  };
  once();
  return median(
    Array.from({ length: rounds }, () => {
      const start = cpuMicroseconds();
      once();
      return (cpuMicroseconds() - start) / batch;
    }),
  );
}

/** Floating-point operations a second of a square product, by wall clock on all threads; the best of several. */
function timeProduct(size: number, dtype: "float32" | "bfloat16"): number {
  return scope(() => {
    const [left, right] = [torch.randn([size, size]).to(dtype), torch.randn([size, size]).to(dtype)];
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20; round++) {
      const start = performance.now();
      left.mm(right).dispose();
      best = Math.min(best, performance.now() - start);
    }
    return (2 * size ** 3) / best / 1e6;
  });
}

const [add, mul, neg, sum] = [
  operator("aten::add.Tensor"),
  operator("aten::mul.Tensor"),
  operator("aten::neg"),
  operator("aten::sum"),
] as const;
const [narrow, select] = [operator("aten::narrow"), operator("aten::select.int")];

const plain = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
const leaf = plain.clone().requiresGrad_();
const cases: Readonly<Record<string, (x: Tensor) => () => unknown>> = {
  "add(x, x)": (x) => () => add(x, x),
  "x.add(x)": (x) => () => x.add(x),
  "mul(x, x)": (x) => () => mul(x, x),
  "neg(x)": (x) => () => neg(x),
  "sum(x)": (x) => () => sum(x),
  "narrow(x, 0, 1, 3)": (x) => () => narrow(x, 0, 1, 3),
  "select(x, 0, 1)": (x) => () => select(x, 0, 1),
};

const allThreads = threads();
setThreads(1);
const results: Record<string, number> = {};
for (const [name, make] of Object.entries(cases)) results[name] = noGrad(() => timeSmall(make(plain)));
for (const [name, make] of Object.entries(cases)) results[`${name}, recorded`] = timeSmall(make(leaf));
setThreads(allThreads);
for (const dtype of ["float32", "bfloat16"] as const) results[`mm 2048³ ${dtype}`] = timeProduct(2048, dtype);
console.log(JSON.stringify(results));
