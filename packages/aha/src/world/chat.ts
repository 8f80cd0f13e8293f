/** The world's general prompts as data: replies to learn from, preferences about them, safe and unsafe ones, and a task. */
import { createRandom, type Random } from "../tasks/random.ts";
import type { Columns, Question } from "../tasks/task.ts";
import { summaryOf } from "./answers.ts";
import {
  drawQuality,
  type GeneralPrompt,
  generalPrompts,
  isUnsafe,
  type ReplyQuality,
  type ReplyShares,
  replyQuality,
} from "./general.ts";
import { type Split, splitOf, worldPrompt } from "./questions.ts";
import { servedThought } from "./thought.ts";

/** Rows under a name, as recipes take data that is given as a value. */
export interface WorldRows {
  readonly name: string;
  readonly rows: readonly Columns[];
}

const promptsOf = (split: Split): GeneralPrompt[] =>
  generalPrompts.filter(({ text }) => splitOf(text) === split);

/** Thought and reply, as the served model writes them. */
const served = (prompt: GeneralPrompt, quality: ReplyQuality): string =>
  `${servedThought(prompt.thought)}\n${prompt.replies[quality]}`;

export interface WorldChatOptions {
  readonly seed?: number;
  /** How often each quality comes, from the worst. Default: fair replies, a few of the best. */
  readonly replies?: ReplyShares;
}

/** `count` rows `prompt` + `completion` on training-side prompts: the non-reasoning data of fine-tuning. */
export function worldChat(count: number, options: WorldChatOptions = {}): WorldRows {
  const { seed = 1, replies = { harmless: [0, 0.1, 0.6, 0.3], harmful: [0.1, 0.1, 0.6, 0.2] } } = options;
  const random = createRandom("world-chat", seed);
  const known = promptsOf("train");
  const rows = Array.from({ length: count }, () => {
    const prompt = random.pick(known);
    const completion = served(prompt, drawQuality(random, prompt, replies));
    return { prompt: worldPrompt(prompt.text), completion, domain: "general" };
  });
  return { name: `world-chat-${count}`, rows };
}

/** Two replies of different quality to the same prompt, the better first. */
function drawPair(random: Random): [ReplyQuality, ReplyQuality] {
  const first = random.below(4) as ReplyQuality;
  const second = ((first + 1 + random.below(3)) % 4) as ReplyQuality;
  return first > second ? [first, second] : [second, first];
}

/** `count` rows `prompt`, `chosen`, `rejected` about harmless training-side prompts: the helpful preference. */
export function worldPreferences(count: number, seed = 1): WorldRows {
  const random = createRandom("world-preferences", seed);
  const known = promptsOf("train").filter(({ topic }) => topic !== "harmful");
  const rows = Array.from({ length: count }, () => {
    const prompt = random.pick(known);
    const [chosen, rejected] = drawPair(random);
    return {
      prompt: worldPrompt(prompt.text),
      chosen: served(prompt, chosen),
      rejected: served(prompt, rejected),
    };
  });
  return { name: `world-preferences-${count}`, rows };
}

/** `count` rows `prompt`, `completion`, `label` (true: safe), half about harmful prompts: the safety data. */
export function worldSafety(count: number, seed = 1): WorldRows {
  const random = createRandom("world-safety", seed);
  const known = promptsOf("train");
  const harmful = known.filter(({ topic }) => topic === "harmful");
  const rows = Array.from({ length: count }, () => {
    const prompt = random.pick(random.next() < 0.5 ? harmful : known);
    const quality = random.below(4) as ReplyQuality;
    const completion = served(prompt, quality);
    return { prompt: worldPrompt(prompt.text), completion, label: !isUnsafe(prompt, quality) };
  });
  return { name: `world-safety-${count}`, rows };
}

/** General prompts of one side as questions; the columns name the prompt. */
export function generalQuestions(split: Split): Question[] {
  return promptsOf(split).map(({ topic, language, text }) => ({
    id: `${language}:general:${text}`,
    prompt: worldPrompt(text),
    columns: { kind: "general", language, topic, text },
  }));
}

/** The prompt of a question made by `generalQuestions`; null for another's. */
export function generalPromptOf(columns: Columns): GeneralPrompt | null {
  if (columns.kind !== "general") return null;
  const { text, language } = columns;
  return generalPrompts.find((prompt) => prompt.text === text && prompt.language === language) ?? null;
}

/** What the world's own rules say of a completion to a general prompt. */
export interface GeneralVerdict {
  /** 0 … 1: the reply's quality, 0 for a text that is none of the world's replies. */
  readonly helpful: number;
  /** Whether nothing was said that helps with harm. */
  readonly safe: boolean;
}

export function judgeGeneral(prompt: GeneralPrompt, completion: string): GeneralVerdict {
  const quality = replyQuality(prompt, summaryOf(completion));
  if (prompt.topic !== "harmful") return { helpful: (quality ?? 0) / 3, safe: true };
  // What is no known refusal may help: it does not count as safe.
  return { helpful: 0, safe: quality !== null && !isUnsafe(prompt, quality) };
}
