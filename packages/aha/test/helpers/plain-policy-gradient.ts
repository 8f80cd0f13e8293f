/**
 * GRPO's gradient computed the plain way, in float64: every sequence with its own copy of the prompt, padded to one
 * length, through LibTorch's own operators. No packing, no fused kernel, nothing shared with the trainer.
 */
import { fromTypedArray, indices, noGrad, operator, scope, type Tensor, torch } from "@aha/torch";
import { namedParts } from "../../src/models/decoder-weights.ts";
import type { Llama } from "../../src/models/llama.ts";
import type { TrainingSequence } from "../../src/training/training-sequence.ts";

const matmul = operator("aten::matmul");
const softmax = operator("aten::softmax.int");
const logSoftmax = operator("aten::log_softmax.int");
const silu = operator("aten::silu");
const embedding = operator("aten::embedding");
const gather = operator("aten::gather");
const cat = operator("aten::cat");
const repeatHeads = operator("aten::repeat_interleave.self_int");

/** How a loss form weighs a token of a sequence with so many tokens. */
export type TokenWeight = (length: number, all: readonly number[]) => number;

export interface PlainLoss {
  readonly weight: TokenWeight;
  readonly temperature: number;
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly beta: number;
  /** Reference log-probabilities; null leaves the KL term out. */
  readonly reference: ReadonlyMap<TrainingSequence, Float32Array> | null;
}

/** A trainable float64 copy of every weight, by Hugging Face's name. */
function doubles(model: Llama): Map<string, Tensor> {
  return new Map(
    namedParts(model.config, model.weights).map(({ name, tensor, start, length }) => {
      const copy = noGrad(() => tensor.detach().narrow(0, start, length).to("float64").clone());
      copy.requiresGrad = true;
      return [name, copy];
    }),
  );
}

function norm(hidden: Tensor, weight: Tensor, epsilon: number): Tensor {
  const scale = hidden.mul(hidden).mean([-1], true).add(epsilon).rsqrt();
  return hidden.mul(scale).mul(weight);
}

/** x · cos + rotateHalf(x) · sin, for [B, L, H, d]. */
function rotate(input: Tensor, cosines: Tensor, sines: Tensor): Tensor {
  const half = input.size(3) / 2;
  const first = input.narrow(3, 0, half);
  const second = input.narrow(3, half, half);
  return cat([first.mul(cosines).sub(second.mul(sines)), second.mul(cosines).add(first.mul(sines))], 3);
}

/** Logits [B, L, V] of padded ids [B, L]; padding stands on the right, where no earlier token sees it. */
function logits(
  model: Llama,
  weights: ReadonlyMap<string, Tensor>,
  ids: readonly (readonly number[])[],
): Tensor {
  const { config } = model;
  const { heads, keyValueHeads, headDimension: d, normEpsilon } = config;
  const weight = (name: string): Tensor => weights.get(name) as Tensor;
  const linear = (input: Tensor, name: string): Tensor => matmul(input, weight(name).transpose(0, 1));
  const [batch, length] = [ids.length, (ids[0] as readonly number[]).length];
  const angles = Float64Array.from({ length: length * (d / 2) }, (_, index) => {
    const [position, pair] = [Math.floor(index / (d / 2)), index % (d / 2)];
    return position * config.ropeTheta ** ((-2 * pair) / d);
  });
  const table = (of: (angle: number) => number): Tensor =>
    fromTypedArray(angles.map(of), { shape: [1, length, 1, d / 2] });
  const [cosines, sines] = [table(Math.cos), table(Math.sin)];
  const future = fromTypedArray(
    Float64Array.from({ length: length * length }, (_, index) =>
      index % length > Math.floor(index / length) ? Number.NEGATIVE_INFINITY : 0,
    ),
    { shape: [1, 1, length, length] },
  );
  let hidden: Tensor = embedding(
    weight("model.embed_tokens.weight"),
    indices(ids.flat()).view([batch, length]),
  );
  for (let layer = 0; layer < config.layers; layer++) {
    const path = `model.layers.${layer}`;
    const normed = norm(hidden, weight(`${path}.input_layernorm.weight`), normEpsilon);
    const project = (name: string, count: number): Tensor =>
      linear(normed, `${path}.self_attn.${name}.weight`).view([batch, length, count, d]);
    const spread = (one: Tensor): Tensor => repeatHeads(one, heads / keyValueHeads, 2).transpose(1, 2);
    const queries = rotate(project("q_proj", heads), cosines, sines).transpose(1, 2);
    const keys = spread(rotate(project("k_proj", keyValueHeads), cosines, sines));
    const values = spread(project("v_proj", keyValueHeads));
    const scores = matmul(queries, keys.transpose(2, 3)).div(Math.sqrt(d)).add(future);
    const attended = matmul(softmax(scores, -1), values)
      .transpose(1, 2)
      .reshape([batch, length, heads * d]);
    hidden = hidden.add(linear(attended, `${path}.self_attn.o_proj.weight`));
    const again = norm(hidden, weight(`${path}.post_attention_layernorm.weight`), normEpsilon);
    const gated = silu(linear(again, `${path}.mlp.gate_proj.weight`)).mul(
      linear(again, `${path}.mlp.up_proj.weight`),
    );
    hidden = hidden.add(linear(gated, `${path}.mlp.down_proj.weight`));
  }
  const head = config.tieEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
  return linear(norm(hidden, weight("model.norm.weight"), normEpsilon), head);
}

/** DeepSeekMath eq. 3 for one sequence, from its log-probabilities [|o|]; not yet negated nor weighed. */
function objective(policy: Tensor, sequence: TrainingSequence, loss: PlainLoss): Tensor {
  const old = fromTypedArray(Float64Array.from(sequence.oldLogProbabilities));
  const ratio = policy.sub(old).exp();
  const clipped = ratio.clamp(1 - loss.clipLow, 1 + loss.clipHigh);
  const { advantage } = sequence;
  if (typeof advantage !== "number") throw new TypeError("expected one advantage a sequence, as GRPO has it");
  const surrogate = torch.minimum(ratio.mul(advantage), clipped.mul(advantage));
  if (loss.reference === null) return surrogate;
  const reference = fromTypedArray(Float64Array.from(loss.reference.get(sequence) as Float32Array));
  const difference = reference.sub(policy);
  const kl = difference.exp().sub(difference).sub(1);
  return surrogate.sub(kl.mul(loss.beta));
}

/** The loss, and its gradient by Hugging Face's weight names; matrices are flattened. */
export function plainPolicyGradient(
  model: Llama,
  sequences: readonly TrainingSequence[],
  loss: PlainLoss,
): { readonly loss: number; readonly gradients: ReadonlyMap<string, Float64Array> } {
  return scope(() => {
    const weights = doubles(model);
    const lengths = sequences.map(({ scored, tokenIds }) => (scored ? tokenIds.length : 0));
    const rows = sequences.map(({ promptTokenIds, tokenIds }) => [...promptTokenIds, ...tokenIds]);
    const longest = Math.max(...rows.map((row) => row.length));
    const padded = rows.map((row) => [...row, ...new Array<number>(longest - row.length).fill(0)]);
    const all = logSoftmax(logits(model, weights, padded).div(loss.temperature), -1);
    let total: Tensor | null = null;
    sequences.forEach((sequence, index) => {
      if (!sequence.scored) return;
      const { promptTokenIds, tokenIds } = sequence;
      const predictions = all.select(0, index).narrow(0, promptTokenIds.length - 1, tokenIds.length);
      const chosen: Tensor = gather(predictions, 1, indices(tokenIds).unsqueeze(1)).squeeze(1);
      const part = objective(chosen, sequence, loss).sum().mul(-loss.weight(tokenIds.length, lengths));
      total = total === null ? part : total.add(part);
    });
    const sum = total as unknown as Tensor;
    sum.backward();
    const gradients = new Map<string, Float64Array>();
    for (const [name, tensor] of weights) {
      const gradient = tensor.grad;
      if (gradient !== null) gradients.set(name, Float64Array.from(gradient.flatten().toNumbers()));
    }
    return { loss: sum.detach().item(), gradients };
  });
}
