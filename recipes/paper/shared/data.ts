/**
 * The reinforcement data of DeepSeek-R1 (its table of RL data) as a mixture of tasks. The data itself is not published:
 * bring your own in these places and shapes, in these shares.
 */

import { isWellFormed } from "@aha/verify";
import {
  codeforces,
  type JsonValue,
  knightsAndKnaves,
  languageReward,
  math,
  mbpp,
  mixTasks,
  mmlu,
  prompts,
  type Reward,
  rewardModel,
  type TaskSource,
} from "aha";

/** R_general = R_reward-model + R_format (R1 §3.2.3). */
const format: Reward = {
  name: "format",
  weight: 1,
  judge: ({ completion }) => ({ value: isWellFormed(completion, { form: "think-summary" }) ? 1 : 0 }),
};
/** Scores the final summary only (R1 §3.1). */
const helpful = rewardModel({ path: "models/paper/reward-helpful", score: "summary", name: "helpful" });
/** Scores the whole response, the reasoning included (R1 §3.1). */
const safety = rewardModel({ path: "models/paper/reward-safety", score: "response", name: "safety" });

interface Part {
  readonly source: TaskSource;
  /** Thousands of questions, as published: the parts' shares of the mixture. */
  readonly thousands: number;
  /** In addition to the task's own. */
  readonly rewards?: readonly Reward[];
}

/** Which kinds of rewards come on top of accuracy. */
interface MixtureOptions {
  readonly name: string;
  /** R1-Zero's template for a base model, or the model's chat template. */
  readonly prompt: "r1-zero" | "chat";
  /** Adds the language reward (R1 §3.2.1). */
  readonly language: boolean;
  /** Adds the general prompts of the last steps (R1 §3.2.3). */
  readonly general: boolean;
}

function partsOf({ prompt, general }: MixtureOptions): Part[] {
  // Rows' own language column decides what the language reward asks for.
  const form = { prompt, format: prompt === "chat" ? "think-summary" : "think-answer" } as const;
  return [
    { thousands: 26, source: math({ path: "data/r1/math", ...form }) },
    { thousands: 17, source: codeforces({ path: "data/r1/competition", ...form }) },
    { thousands: 8, source: mbpp({ path: "data/r1/bug-fixes", ...form }) },
    { thousands: 22, source: mmlu({ path: "data/r1/stem", ...form }) },
    // The paper's logic is of several kinds; a generated one stands for them here (ours).
    { thousands: 15, source: knightsAndKnaves({ path: "data/r1/logic", ...form }) },
    ...(general
      ? [
          { thousands: 66, source: prompts({ path: "data/r1/helpful" }), rewards: [helpful, format] },
          { thousands: 12, source: prompts({ path: "data/r1/harmless" }), rewards: [safety, format] },
        ]
      : []),
  ];
}

/** Reads nothing before training starts. */
export function reasoningMixture(options: MixtureOptions): TaskSource {
  const parts = partsOf(options);
  const { name, language } = options;
  const source: TaskSource = {
    name,
    options: {
      language,
      general: options.general,
      parts: parts.map(({ source, thousands }) => ({ name: source.name, thousands, ...source.options })),
    },
    async load() {
      const loaded = await Promise.all(
        parts.map(async ({ source, thousands, rewards = [] }) => {
          const task = await source.load();
          return { task: { ...task, rewards: [...task.rewards, ...rewards] }, share: thousands };
        }),
      );
      const mixed = mixTasks(name, loaded);
      return language ? { ...mixed, rewards: [...mixed.rewards, languageReward()] } : mixed;
    },
    with(option: string, value: JsonValue) {
      throw new TypeError(
        `${name}: its options are in recipes/paper/shared/data.ts (asked for ${option}=${JSON.stringify(value)})`,
      );
    },
  };
  return source;
}
