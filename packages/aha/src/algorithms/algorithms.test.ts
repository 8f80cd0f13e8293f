/** Advantages, KL and the loss in all its forms against values frozen from PyTorch in float64. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Dtype, fromTypedArray, indices, liveTensors, scope, tensor } from "@aha/torch";
import { groupStandardised, hasNoSignal, meanCentred } from "./advantage.ts";
import { sequenceLogRatio, tokenLogRatio } from "./importance.ts";
import { klK3 } from "./kl.ts";
import { constantLength, type LossForm, sequenceMean, tokenMean } from "./loss-form.ts";
import { type PolicyLoss, policyLoss } from "./policy-loss.ts";

type Ragged = readonly (readonly number[])[];
interface Batch {
  readonly logProbabilities: Ragged;
  readonly oldLogProbabilities: Ragged;
  readonly referenceLogProbabilities: Ragged;
  readonly mask: Ragged;
  readonly advantages: readonly number[];
  readonly maximumLength: number;
}
interface Case {
  readonly batch: string;
  readonly form: "sequence-mean" | "token-mean" | "constant-length";
  readonly importance: "token" | "sequence";
  readonly epsilonLow: number;
  readonly epsilonHigh: number;
  readonly beta: number;
  readonly loss: number;
  readonly gradient: Ragged;
  readonly meanKl: number;
  readonly clippedLow: number;
  readonly clippedHigh: number;
}
interface Frozen {
  readonly advantages: readonly {
    readonly rewards: readonly number[];
    readonly centred: readonly number[];
    readonly populationStandardised: readonly number[];
    readonly sampleStandardised: readonly number[];
  }[];
  readonly k3: Readonly<Record<"logProbabilities" | "reference" | "values" | "gradient", readonly number[]>>;
  readonly batches: Readonly<Record<string, Batch>>;
  readonly cases: readonly Case[];
}

const frozen = JSON.parse(
  readFileSync(new URL("../../test/fixtures/loss.json", import.meta.url), "utf8"),
) as Frozen;
const forms: Readonly<Record<Case["form"], LossForm>> = {
  "sequence-mean": sequenceMean,
  "token-mean": tokenMean,
  "constant-length": constantLength,
};
const importances = { token: tokenLogRatio, sequence: sequenceLogRatio };

function close(actual: Iterable<number>, expected: readonly number[], tolerance: number, what: string): void {
  const values = [...actual];
  assert.equal(values.length, expected.length, `${what}: length`);
  values.forEach((value, index) => {
    const wanted = expected[index] as number;
    const bound = tolerance * Math.max(1, Math.abs(wanted));
    assert.ok(Math.abs(value - wanted) <= bound, `${what}[${index}]: ${value}, expected ${wanted}`);
  });
}

/** The tokens that count, packed end to end: a masked token is no token of the loss. */
interface Packed {
  readonly pick: (values: Ragged) => number[];
  readonly counts: number[];
  readonly owners: number[];
}

function pack({ mask }: Batch): Packed {
  return {
    pick: (values) => values.flatMap((row, index) => row.filter((_, at) => mask[index]?.[at] === 1)),
    counts: mask.map((row) => row.reduce((sum, one) => sum + one, 0)),
    owners: mask.flatMap((row, index) => row.filter((one) => one === 1).map(() => index)),
  };
}

function computeLoss(
  one: Case,
  dtype: Dtype,
): { result: PolicyLoss["statistics"]; loss: number; gradient: number[] } {
  const batch = frozen.batches[one.batch] ?? assert.fail(`no batch ${one.batch}`);
  const { pick, counts, owners } = pack(batch);
  const place = (values: readonly number[]) => tensor([...values], { dtype });
  return scope(() => {
    const policy = place(pick(batch.logProbabilities));
    policy.requiresGrad = true;
    const perSequence = forms[one.form](counts, batch.maximumLength);
    const { loss, statistics } = policyLoss(
      {
        policy,
        old: place(pick(batch.oldLogProbabilities)),
        reference: place(pick(batch.referenceLogProbabilities)),
        advantages: place(owners.map((owner) => batch.advantages[owner] as number)),
        weights: place(owners.map((owner) => perSequence[owner] as number)),
        sequences: indices(owners),
        counts: place(counts),
      },
      {
        importance: importances[one.importance],
        clipLow: one.epsilonLow,
        clipHigh: one.epsilonHigh,
        klCoefficient: one.beta,
      },
    );
    loss.backward();
    const gradient = policy.grad ?? assert.fail("no gradient");
    return { result: statistics, loss: loss.item(), gradient: [...gradient.toNumbers()] };
  });
}

for (const [dtype, tolerance] of [
  ["float64", 1e-9],
  ["float32", 2e-5],
] as const) {
  test(`${dtype}: all ${frozen.cases.length} cases of the loss, with gradients and clip counts`, () => {
    assert.equal(frozen.cases.length, 72);
    const before = liveTensors();
    for (const one of frozen.cases) {
      const what = `${one.batch} ${one.form} ${one.importance} ${one.epsilonLow}/${one.epsilonHigh} β ${one.beta}`;
      const { pick, owners } = pack(frozen.batches[one.batch] as Batch);
      const { loss, gradient, result } = computeLoss(one, dtype);
      close([loss], [one.loss], tolerance, `${what}: loss`);
      close(gradient, pick(one.gradient), tolerance, `${what}: gradient`);
      close([result.klSum / owners.length], [one.meanKl], tolerance, `${what}: KL`);
      assert.deepEqual(
        [result.clippedLow, result.clippedHigh],
        [one.clippedLow, one.clippedHigh],
        `${what}: clipped`,
      );
    }
    assert.equal(liveTensors(), before);
  });
}

test("the cases do clip, on both sides", () => {
  assert.ok(frozen.cases.some(({ clippedLow }) => clippedLow > 0));
  assert.ok(frozen.cases.some(({ clippedHigh }) => clippedHigh > 0));
});

test("tokens of weight 0 change neither loss nor gradient of the others", () => {
  const one = frozen.cases.find(({ importance, beta }) => importance === "token" && beta > 0) as Case;
  const batch = frozen.batches[one.batch] as Batch;
  const { counts } = pack(batch);
  const perSequence = forms[one.form](counts, batch.maximumLength);
  const owners = batch.mask.flatMap((row, index) => row.map(() => index));
  const mask = batch.mask.flat();
  scope(() => {
    const place = (values: readonly number[]) => fromTypedArray(Float64Array.from(values));
    const policy = place(batch.logProbabilities.flat());
    policy.requiresGrad = true;
    const { loss } = policyLoss(
      {
        policy,
        old: place(batch.oldLogProbabilities.flat()),
        reference: place(batch.referenceLogProbabilities.flat()),
        advantages: place(owners.map((owner) => batch.advantages[owner] as number)),
        weights: place(owners.map((owner, at) => (perSequence[owner] as number) * (mask[at] as number))),
        sequences: indices(owners),
        counts: place(counts),
      },
      {
        importance: tokenLogRatio,
        clipLow: one.epsilonLow,
        clipHigh: one.epsilonHigh,
        klCoefficient: one.beta,
      },
    );
    loss.backward();
    close([loss.item()], [one.loss], 1e-9, "loss");
    close(policy.grad?.toNumbers() ?? [], one.gradient.flat(), 1e-9, "gradient");
  });
});

test("without a reference there is no KL, and on policy the ratio is 1: the gradient is −A w", () => {
  scope(() => {
    const policy = tensor([-1, -2, -0.5], { requiresGrad: true });
    const old = tensor([-1, -2, -0.5]);
    const advantages = tensor([1, 1, -2]);
    const { loss, statistics } = policyLoss(
      {
        policy,
        old,
        reference: null,
        advantages,
        weights: tensor([0.25, 0.25, 0.5]),
        sequences: indices([0, 0, 1]),
        counts: tensor([2, 1]),
      },
      { importance: tokenLogRatio, clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.04 },
    );
    loss.backward();
    close([loss.item()], [-0.25 - 0.25 + 1], 1e-6, "loss");
    close(policy.grad?.toNumbers() ?? [], [-0.25, -0.25, 1], 1e-6, "gradient");
    assert.deepEqual(statistics, { klSum: 0, clippedLow: 0, clippedHigh: 0 });
  });
});

test("advantages: centred, and standardised over n and over n − 1", () => {
  for (const { rewards, centred, populationStandardised, sampleStandardised } of frozen.advantages) {
    close(meanCentred(rewards), centred, 1e-9, `${rewards} centred`);
    close(groupStandardised(rewards, 0), populationStandardised, 1e-9, `${rewards} population`);
    // One sample has no deviation over n − 1; PyTorch says NaN, we say no signal.
    close(
      groupStandardised(rewards, 1),
      sampleStandardised.map((value) => value ?? 0),
      1e-9,
      `${rewards} sample`,
    );
    close(groupStandardised(rewards), groupStandardised(rewards, 1), 0, "the default");
  }
});

test("a group of equal rewards has no signal and advantages of exactly 0", () => {
  // 0.1 + 0.2 … sums of equal rewards may round: nothing of it may reach the advantages.
  const rewards = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
  assert.equal(hasNoSignal(rewards), true);
  assert.deepEqual(groupStandardised(rewards), [0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(meanCentred(rewards), [0, 0, 0, 0, 0, 0, 0]);
  assert.equal(hasNoSignal([0, 0, 1]), false);
  assert.equal(hasNoSignal([]), true);
});

test("k3 and its gradient", () => {
  scope(() => {
    const policy = tensor([...frozen.k3.logProbabilities], { dtype: "float64", requiresGrad: true });
    const values = klK3(policy, tensor([...frozen.k3.reference], { dtype: "float64" }));
    close(values.detach().toNumbers(), frozen.k3.values, 1e-9, "k3");
    values.sum().backward();
    close(policy.grad?.toNumbers() ?? [], frozen.k3.gradient, 1e-9, "gradient");
    const equal = klK3(policy.detach(), policy.detach());
    assert.deepEqual([...equal.toNumbers()], [0, 0, 0, 0]);
  });
});

test("loss forms: the weights of their equations; an empty sequence has none and counts among the sequences", () => {
  assert.deepEqual(sequenceMean([2, 0, 4], 8), [1 / 6, 0, 1 / 12]);
  assert.deepEqual(tokenMean([2, 0, 4], 8), [1 / 6, 0, 1 / 6]);
  assert.deepEqual(constantLength([2, 0, 4], 8), [1 / 24, 0, 1 / 24]);
  for (const form of Object.values(forms)) assert.deepEqual(form([0, 0], 8), [0, 0]);
});
