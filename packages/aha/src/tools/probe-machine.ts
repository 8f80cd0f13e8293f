/** Measures on this machine what a recipe's steps are made of: decoding at several widths, scoring, one policy update. */
import { threads } from "@aha/torch";
import { causalPairs } from "../cost/model-flops.ts";
import { lengthDistribution } from "../cost/plan/lengths.ts";
import type { DecodeSample, MachineProbe, PassSample } from "../cost/plan/measured-model.ts";
import type { Needs } from "../cost/plan/recipe-plan.ts";
import type { ReinforcementRecipe } from "../recipe/reinforcement-schema.ts";
import { makeDecoder } from "../rollout/make-decoder.ts";
import { completionText } from "../rollout/rollout.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import { freeMemory } from "../training/estimate.ts";
import { PolicySession } from "../training/policy-session.ts";
import { updatePolicy } from "../training/policy-update.ts";
import { referenceScores } from "../training/reference-scores.ts";
import { useThreads } from "../training/threads.ts";
import type { TrainingSequence } from "../training/training-sequence.ts";
import { ProbeClock } from "./probe-clock.ts";

const STEPS = 12; // of decoding, at each width, after the first two
const WARM_UP = 2;

/** Opens the recipe's model from `folder` and measures; nothing is written, and the model is let go again. */
export function probeMachine(recipe: ReinforcementRecipe, folder: string, needs: Needs): MachineProbe {
  useThreads(recipe.threads);
  const session = new PolicySession(recipe, folder);
  const clock = new ProbeClock(session.policy.device);
  try {
    const decode = probeDecoding(session, needs, clock);
    const { prefill, score, update } = probePasses(session, needs, clock);
    const { weights, optimizer, activations, cache } = session.memory(Math.round(needs.promptTokens));
    return {
      ...{ device: session.policy.device, threads: threads(), decode, prefill, score, update },
      capacity: session.sampling.capacity,
      memory: { rollout: { weights, optimizer, cache }, training: { weights, optimizer, activations } },
      memoryLimit: session.policy.device === "cpu" ? weights + optimizer + freeMemory() : null,
      ...{ perCompletion: probeText(session, needs, clock), seconds: clock.seconds, share: clock.share },
    };
  } finally {
    session.dispose();
  }
}

/** Token ids that mean nothing; none ends a completion, since decoding is told of no such id. */
const filler = (length: number, vocabulary: number, from: number): number[] =>
  Array.from({ length }, (_, index) => (from + 7 * index) % vocabulary);

/** Several widths after the prompt alone, and the widest once more after a mean completion. */
function probeDecoding(
  { policy, recipe, sampling }: PolicySession,
  needs: Needs,
  clock: ProbeClock,
): DecodeSample[] {
  const { groupSize, questionsPerStep } = recipe.rl;
  const widest = Math.min(sampling.capacity, groupSize * questionsPerStep);
  const widths = [...new Set([1, ...[16, 8, 4, 2, 1].map((part) => Math.ceil(widest / part))])];
  const prompt = Math.max(1, Math.round(needs.promptTokens));
  const mean = Math.max(1, Math.round(needs.meanLength - needs.promptTokens));
  const measure = (active: number, context: number): DecodeSample => {
    const groups = Math.ceil(active / groupSize);
    const requests = Array.from({ length: groups }, (_, group) => ({
      promptTokenIds: filler(context, policy.config.vocabularySize, group),
      seeds: Array.from({ length: Math.min(groupSize, active - group * groupSize) }, (_, sample) =>
        deriveSeed(1, group, sample),
      ),
    }));
    const maxNewTokens = WARM_UP + STEPS + 2;
    const options = { ...sampling, maxNewTokens, eosTokenIds: new Set<number>(), capacity: active };
    const decoder = makeDecoder(policy, requests, { ...options, speculative: false });
    for (let step = 0; step < WARM_UP; step++) decoder.step();
    const all = clock.time(() => {
      for (let step = 0; step < STEPS; step++) decoder.step();
    });
    decoder.dispose();
    return { active, context: context + WARM_UP + STEPS / 2, seconds: all / STEPS };
  };
  const long = Math.min(policy.positions - WARM_UP - STEPS - 2, prompt + 2 * mean);
  return [...widths.map((active) => measure(active, prompt)), measure(widest, Math.max(prompt + 1, long))];
}

/** Seconds that a completion takes besides the model: its tokens become text. */
function probeText({ tokenizer, policy }: PolicySession, needs: Needs, clock: ProbeClock): number {
  const count = 32;
  const mean = Math.max(1, Math.round(needs.meanLength - needs.promptTokens));
  const ids = Array.from({ length: count }, (_, from) => filler(mean, policy.config.vocabularySize, from));
  return clock.mean(() => void ids.map((one) => completionText(tokenizer, one, "stop"))) / count;
}

/** Sequences whose lengths are spread as is expected, in groups that share a prompt. */
function sequencesOf(
  count: number,
  mean: number,
  { rl }: ReinforcementRecipe,
  needs: Needs,
): TrainingSequence[] {
  const vocabulary = needs.config.vocabularySize;
  const limit = Math.max(mean + 2, rl.maxNewTokens);
  const lengths = lengthDistribution(Math.min(mean, 0.9 * limit), 0.5, limit);
  return Array.from({ length: count }, (_, index) => {
    const quantile = ((index * 7) % count) / count + 0.5 / count;
    let length = 2;
    while (length < limit && lengths.longerThan(length) > 1 - quantile) length++;
    const group = Math.floor(index / rl.groupSize);
    return {
      group,
      promptTokenIds: filler(Math.max(1, Math.round(needs.promptTokens)), vocabulary, group),
      tokenIds: filler(length, vocabulary, index),
      oldLogProbabilities: new Float32Array(length).fill(-Math.log(vocabulary)),
      advantage: index % 2 === 0 ? 1 : -1,
      scored: true,
    };
  });
}

function sizeOf(sequences: readonly TrainingSequence[]): { tokens: number; pairs: number } {
  const prompts = new Map(sequences.map(({ group, promptTokenIds }) => [group, promptTokenIds.length]));
  let [tokens, pairs] = [0, 0];
  for (const length of prompts.values()) {
    tokens += length;
    pairs += causalPairs(0, length);
  }
  for (const { promptTokenIds, tokenIds } of sequences) {
    tokens += tokenIds.length - 1;
    pairs += causalPairs(promptTokenIds.length, tokenIds.length - 1);
  }
  return { tokens, pairs };
}

/** A quarter of a micro-batch and a whole one, of the expected lengths, and a whole one of twice the lengths. */
function probePasses(session: PolicySession, needs: Needs, clock: ProbeClock) {
  const { policy, optimizer, reference, recipe, sampling, tokensPerMicroBatch } = session;
  const { rl } = recipe;
  const mean = Math.max(2, needs.meanLength - needs.promptTokens);
  const wanted = (rl.questionsPerStep * rl.groupSize) / rl.miniBatches;
  const each = mean + needs.promptTokens / rl.groupSize;
  const whole = Math.max(2, Math.min(wanted, Math.floor((0.95 * tokensPerMicroBatch) / each)));
  const longer = Math.min(2 * mean, 0.8 * rl.maxNewTokens);
  const batches = [
    sequencesOf(Math.max(2, Math.ceil(whole / 4)), mean, recipe, needs),
    sequencesOf(whole, mean, recipe, needs),
    sequencesOf(Math.max(2, Math.round((whole * mean) / longer)), longer, recipe, needs),
  ];
  const scored = (batch: readonly TrainingSequence[]) =>
    referenceScores(reference ?? policy, batch, sampling.temperature, tokensPerMicroBatch);
  const score = batches.map(
    (batch): PassSample => ({ ...sizeOf(batch), seconds: clock.mean(() => void scored(batch)) }),
  );
  const update = batches.map((batch): PassSample => {
    const references = reference === null ? null : scored(batch);
    const options = {
      ...{ temperature: sampling.temperature, filters: sampling, lossForm: session.lossForm },
      ...{ maximumLength: rl.maxNewTokens, importance: session.importance, learningRate: 1e-9 },
      ...{ clipLow: rl.clipLow, clipHigh: rl.clipHigh, klCoefficient: rl.klCoefficient },
      ...{ maxGradientNorm: rl.maxGradientNorm, tokensPerMicroBatch },
    };
    return {
      ...sizeOf(batch),
      seconds: clock.mean(() => void updatePolicy(policy, optimizer, batch, references, options)),
    };
  });
  return { prefill: score, score, update };
}
