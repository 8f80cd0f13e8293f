/** Verified drafts are distributed as the main model's tokens, with and without filters, by χ² at fixed seeds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generator, scope, type Tensor, torch } from "@aha/torch";
import { chiSquareScore } from "../../test/helpers/chi-square.ts";
import { type FilterOptions, filteredProbabilities } from "../models/filtered-log-probabilities.ts";
import { draftTokens, verifyDrafts } from "./draft-verification.ts";
import { deriveSeed } from "./seeds.ts";

const VOCABULARY = 24;
const TRIALS = 30_000;

function trial(wanted: Tensor, proposed: Tensor, filters: FilterOptions, name: string) {
  const rows = (logits: Tensor): Tensor => logits.unsqueeze(0).expand(TRIALS, -1).contiguous();
  const sources = Array.from({ length: TRIALS }, (_, index) => ({
    seed: deriveSeed(name, index),
    position: index % 7,
  }));
  const drafts = draftTokens(rows(proposed), sources, filters);
  return verifyDrafts(rows(wanted), rows(proposed), drafts, sources, filters);
}

const cases: readonly (readonly [string, Partial<FilterOptions>])[] = [
  ["no filters", {}],
  ["temperature", { temperature: 0.7 }],
  ["top-k", { topK: 7 }],
  ["top-p", { topP: 0.8 }],
  ["min-p", { minP: 0.08 }],
  ["all filters", { temperature: 1.3, topK: 12, topP: 0.9, minP: 0.03 }],
];
for (const [name, some] of cases) {
  test(`${name}: tokens are distributed as the main model's, whatever drafts them`, () => {
    const filters: FilterOptions = { temperature: 1, topK: 0, topP: 1, minP: 0, ...some };
    scope(() => {
      const random = generator(11);
      const wanted = torch.randn([VOCABULARY], { generator: random }).mul(1.2);
      for (const closeness of [0, 0.7, 1]) {
        const noise = torch.randn([VOCABULARY], { generator: random }).mul(1.2);
        const proposed = wanted.mul(closeness).add(noise.mul(1 - closeness));
        const { ids, logProbabilities, accepted } = trial(wanted, proposed, filters, `${name} ${closeness}`);
        const counts = new Array<number>(VOCABULARY).fill(0);
        for (const id of ids) counts[id] = (counts[id] as number) + 1;
        const exact = [...filteredProbabilities(wanted.unsqueeze(0), filters).flatten().toNumbers()];
        const score = chiSquareScore(counts, exact);
        assert.ok(Math.abs(score) < 4, `closeness ${closeness}: χ² score ${score}`);
        ids.forEach((id, index) => {
          const stated = Math.exp(logProbabilities[index] as number);
          assert.ok(Math.abs(stated - (exact[id] as number)) < 1e-5, `${stated}, expected ${exact[id]}`);
        });
        // The rule keeps the most that can be kept: Σ min(p, q).
        const draft = [...filteredProbabilities(proposed.unsqueeze(0), filters).flatten().toNumbers()];
        const most = exact.reduce((sum, share, id) => sum + Math.min(share, draft[id] as number), 0);
        const rate = accepted.filter(Boolean).length / TRIALS;
        assert.ok(
          Math.abs(rate - most) < 4 * Math.sqrt(0.25 / TRIALS),
          `kept ${rate}, Σ min(p, q) = ${most}`,
        );
      }
    });
  });
}

test("the test can fail: sampling from the drafts themselves is told apart", () => {
  scope(() => {
    const random = generator(11);
    const [wanted, proposed] = [
      torch.randn([VOCABULARY], { generator: random }),
      torch.randn([VOCABULARY], { generator: random }),
    ];
    const filters: FilterOptions = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    const { ids } = trial(proposed, proposed, filters, "wrong");
    const counts = new Array<number>(VOCABULARY).fill(0);
    for (const id of ids) counts[id] = (counts[id] as number) + 1;
    const exact = [...filteredProbabilities(wanted.unsqueeze(0), filters).flatten().toNumbers()];
    assert.ok(chiSquareScore(counts, exact) > 100);
  });
});

test("greedily a draft is kept where it is the main model's choice, which stands in its place otherwise", () => {
  scope(() => {
    const wanted = torch.eye(4).mul(3);
    const filters: FilterOptions = { temperature: 0, topK: 0, topP: 1, minP: 0 };
    const sources = [0, 1, 2, 3].map((position) => ({ seed: 1n, position }));
    const drafts = { ids: [0, 2, 2, 1], logProbabilities: new Float32Array(4) };
    const { ids, accepted } = verifyDrafts(wanted, wanted, drafts, sources, filters);
    assert.deepEqual(ids, [0, 1, 2, 3]);
    assert.deepEqual(accepted, [true, false, true, false]);
  });
});
