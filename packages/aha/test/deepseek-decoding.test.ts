/** DeepSeek-V3's decoding over latents: transformers' tokens, the expanded form's numbers, and the cache's size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { indices, inferenceMode, liveTensors, noGrad, scope } from "@aha/torch";
import { LatentDecoding } from "../src/models/deepseek/latent-decoding.ts";
import { packSequences } from "../src/models/ragged-batch.ts";
import { Decoder } from "../src/rollout/decoder.ts";
import { closeTo } from "./helpers/close-to.ts";
import { frozenDeepseek, openDeepseek } from "./helpers/deepseek-fixtures.ts";

for (const [name, { cases }] of Object.entries(frozenDeepseek.models)) {
  test(`${name}: greedy decoding over latents gives transformers' tokens`, () => {
    const before = liveTensors();
    const model = openDeepseek(name);
    const longest = Math.max(...cases.map(({ greedy }) => greedy.length));
    const decoder = new Decoder(
      model,
      // Two completions of each prompt, so that prompts are shared and rows wait.
      cases.map(({ inputIds }) => ({ promptTokenIds: inputIds, seeds: [0n, 1n] })),
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
    let found = 0;
    while (!decoder.finished) {
      for (const { request, tokenIds } of decoder.step()) {
        assert.deepEqual([...tokenIds], cases[request]?.greedy, `case ${request}`);
        found++;
      }
    }
    assert.equal(found, 2 * cases.length);
    model.dispose();
    assert.equal(liveTensors(), before, "nothing is left alive");
  });

  test(`${name}: absorbed projections give the expanded form's logits, one and two tokens at a time`, () => {
    const model = openDeepseek(name);
    inferenceMode(() =>
      scope(() => {
        const [first, second] = [cases[2]?.inputIds ?? [], cases[3]?.inputIds ?? []];
        const prompts = [first.slice(0, 4), second.slice(0, 20)];
        // Row 1 continues the first prompt, rows 0 and 2 the second one, in two ways.
        const rests = [
          second.slice(20),
          first.slice(4),
          [...second.slice(20, 30), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        ];
        const owners = [1, 0, 1];
        for (const width of [1, 2]) {
          const decoding = new LatentDecoding(model, prompts, 3, 24);
          for (let place = 0; place < 8; place += width) {
            const batch = {
              prefixIndex: indices([...owners, 0]),
              rows: indices([0, 1, 2, decoding.spareRow]),
              lengths: indices([place, place, place, 0]),
            };
            const tokens = [...rests, [0, 0, 0, 0, 0, 0, 0, 0]].flatMap((rest) =>
              rest.slice(place, place + width),
            );
            const hidden = model.decode(indices(tokens), decoding.layers, decoding.place(batch, width));
            const whole = packSequences(
              rests.map((rest, row) => [
                ...(prompts[owners[row] as number] as readonly number[]),
                ...rest.slice(0, place + width),
              ]),
            );
            const expanded = model.hidden(whole);
            whole.spans.forEach(([start, length], row) => {
              const expected = model.logits(expanded.narrow(0, start + length - width, width));
              const actual = model.logits(hidden.narrow(0, row * width, width));
              closeTo(actual.toNumbers(), [...expected.toNumbers()], 2e-5, `row ${row}, token ${place}`);
            });
          }
          decoding.dispose();
        }
      }),
    );
    model.dispose();
  });

  test(`${name}: the cache keeps a latent and a rotated key a token and layer, and nothing else`, () => {
    const model = openDeepseek(name);
    const { layers, latentRank, headDimension } = model.config;
    inferenceMode(() =>
      scope(() => {
        const decoding = new LatentDecoding(
          model,
          [
            [1, 2, 3],
            [4, 5, 6, 7],
          ],
          3,
          16,
        );
        const tokens = 2 * 4 + (3 + 1) * 16;
        assert.equal(decoding.bytes, tokens * layers * (latentRank + headDimension) * 4);
        assert.equal(model.cachedPerToken, layers * (latentRank + headDimension));
        const { prefix, own } = decoding.layers[0] ?? assert.fail("no layer");
        assert.deepEqual(prefix.shape, [2, 4, latentRank + headDimension]);
        assert.deepEqual(own.shape, [4, 16, latentRank + headDimension]);
        decoding.dispose();
      }),
    );
    model.dispose();
  });

  test(`${name}: bfloat16 decoding stays near its own expanded form`, () => {
    const model = openDeepseek(name, "bfloat16");
    noGrad(() =>
      scope(() => {
        const [sequence = []] = cases.slice(-1).map(({ inputIds }) => inputIds);
        const decoding = new LatentDecoding(model, [sequence.slice(0, -1)], 1, 4);
        const batch = { prefixIndex: indices([0]), rows: indices([0]), lengths: indices([0]) };
        const tokenIds = indices(sequence.slice(-1));
        const logits = model.logits(decoding.decode({ ...batch, tokenIds })).to("float32");
        const whole = model.logits(model.hidden(packSequences([sequence]))).to("float32");
        const expected = whole.narrow(0, sequence.length - 1, 1);
        const difference = logits.softmax(1).sub(expected.softmax(1)).abs().sum().item() / 2;
        assert.ok(difference < 0.1, `total variation ${difference}`);
        decoding.dispose();
      }),
    );
    model.dispose();
  });
}
