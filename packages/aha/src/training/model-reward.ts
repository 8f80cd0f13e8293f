/**
 * A reward model as a task's reward (DeepSeek-R1 §2.3.4: general prompts in the second stage of reinforcement learning).
 *
 * The model is opened at the first verdict, in the process that trains and on its device, and judges a step's completions
 * together, once they are all sampled: the scores are the same whatever order they ended in. LibTorch is loaded with it, not
 * with this file, so that recipes can be read without.
 */

import type { Tokenizer } from "../folder/tokenizer.ts";
import type { OpenScalarModel } from "../models/open-scalar-model.ts";
import type { Judgement, Reward, RewardInput } from "../tasks/task.ts";
import { opensThinking, type PromptText, rewardTokens, type ScoredPart, summaryOf } from "./reward-text.ts";

export interface RewardModelOptions {
  /** A reward model's folder, as `aha reward-model` or transformers writes it, or a hub id. */
  readonly path: string;
  /** What is read of a completion: what stands behind `</think>` (the helpful reward), or all of it (safety). */
  readonly score: ScoredPart;
  /** As it appears in metrics; default `reward-model`. */
  readonly name?: string;
  /** Default 1. */
  readonly weight?: number;
  /**
   * `probability` (default): σ(r), within 0 and 1 as rule rewards are; a completion without a summary gets 0. `raw`: r itself,
   * as in the paper's figure 6; a completion without a summary is scored as an empty one.
   */
  readonly scale?: "probability" | "raw";
  readonly dtype?: "auto" | "float32" | "bfloat16";
  readonly device?: "auto" | "cpu" | "cuda";
  /** Tokens of one pass; default 8,192. */
  readonly tokensPerMicroBatch?: number;
}

/** The reward, with what it was made of: a recipe that is resumed must name the same. */
export interface ModelReward extends Reward {
  readonly options: RewardModelOptions;
  judgeAll(inputs: readonly RewardInput[]): Promise<readonly Judgement[]>;
  /** Frees the model; a later verdict opens it again. */
  dispose(): Promise<void>;
}

interface Opened {
  readonly model: OpenScalarModel["model"];
  readonly tokenizer: Tokenizer;
  readonly maxPositions: number;
}

const TOKENS_PER_MICRO_BATCH = 8192;

async function open({ path, dtype = "auto", device = "auto" }: RewardModelOptions): Promise<Opened> {
  const [{ openTrainedScalarModel }, { openTokenizer }, { modelOnDisk }] = await Promise.all([
    import("../models/open-scalar-model.ts"),
    import("../models/load-model.ts"),
    import("../hub/model-on-disk.ts"),
  ]);
  const folder = await modelOnDisk(path);
  const { model } = openTrainedScalarModel(folder, { dtype, device });
  return { model, tokenizer: openTokenizer(folder, model.config), maxPositions: model.config.maxPositions };
}

/**
 * @example withRewards(prompts({ path: "chats.jsonl" }), rewardModel({ path: "models/helpful", score: "summary" }))
 */
export function rewardModel(options: RewardModelOptions): ModelReward {
  const { score: part, name = "reward-model", weight = 1, scale = "probability" } = options;
  const limit = options.tokensPerMicroBatch ?? TOKENS_PER_MICRO_BATCH;
  let opening: Promise<Opened> | null = null;
  const judgeAll = async (inputs: readonly RewardInput[]): Promise<Judgement[]> => {
    const { scoreFamilies } = await import("./score-examples.ts");
    opening ??= open(options);
    const { model, tokenizer, maxPositions } = await opening.catch((error: unknown) => {
      opening = null;
      throw error;
    });
    const prompts = inputs.map(({ question: { prompt } }) =>
      typeof prompt === "string" ? prompt : prompt.map((message) => ({ ...message })),
    );
    const texts = inputs.map(({ completion }, index) =>
      textOf(prompts[index] as PromptText, completion, part),
    );
    const read = prompts.map((prompt, index) => {
      const tokens = rewardTokens(tokenizer, prompt, texts[index] ?? "", part);
      // Nothing but the beginning of an overlong prompt can be spared.
      return tokens.length > maxPositions ? tokens.slice(tokens.length - maxPositions) : tokens;
    });
    const scores = familiesOf(inputs, read, (families) => scoreFamilies(model, families, limit));
    return inputs.map((_, index) => judgementOf(scores[index] as number, texts[index] ?? null, scale));
  };
  return {
    ...{ name, weight, options, judgeAll },
    judge: async (input) => (await judgeAll([input]))[0] as Judgement,
    async dispose() {
      const opened = await opening;
      opening = null;
      opened?.model.dispose();
    },
  };
}

/** The text that is read; null for a summary that never came. */
function textOf(prompt: PromptText, completion: string, part: ScoredPart): string | null {
  return part === "summary" ? summaryOf(completion, opensThinking(prompt)) : completion;
}

function judgementOf(score: number, text: string | null, scale: "probability" | "raw"): Judgement {
  const detail = `score ${score.toFixed(3)}${text === null ? ", without a summary" : ""}`;
  if (scale === "raw") return { value: score, detail };
  return { value: text === null ? 0 : 1 / (1 + Math.exp(-score)), detail };
}

/** Completions of one question are scored as a family, so that their prompt is computed once; the scores in the order given. */
function familiesOf(
  inputs: readonly RewardInput[],
  read: readonly (readonly number[])[],
  score: (families: readonly (readonly (readonly number[])[])[]) => readonly (readonly number[])[],
): number[] {
  const groups = new Map<string, number[]>();
  inputs.forEach(({ question }, index) => {
    const group = groups.get(question.id);
    if (group === undefined) groups.set(question.id, [index]);
    else group.push(index);
  });
  const members = [...groups.values()];
  const found = score(members.map((group) => group.map((index) => read[index] as readonly number[])));
  const scores = new Array<number>(inputs.length);
  members.forEach((group, family) => {
    group.forEach((input, position) => {
      scores[input] = found[family]?.[position] as number;
    });
  });
  return scores;
}
