/**
 * Pretraining text of the bilingual world. The base model meets every kind of question with thoughts that mostly give up
 * early, answers that nobody checked, now and then a long search; the longer a thought, the more its languages mix. It
 * meets the served form seldom, and replies to general prompts of every quality.
 */
import { createRandom, type Random } from "../tasks/random.ts";
import {
  drawQuality,
  type GeneralPrompt,
  generalPrompts,
  type ReplyShares,
  replySharesDefault,
} from "./general.ts";
import type { Attempt, ThoughtStep } from "./kind.ts";
import { type Language, languages, otherLanguage } from "./language.ts";
import { type BoundProblem, drawProblem, type KindName, splitOf, worldPrompt } from "./questions.ts";
import { rawAnswer, servedAnswer, servedThought, writeRawThought, writeServedThought } from "./thought.ts";

/** What the base model sees, and how often: the experiment's premise. */
export interface WorldCorpusOptions {
  /** Shares of the kinds of documents; they are scaled to a sum of 1. */
  readonly kinds?: Readonly<Record<KindName | "general", number>>;
  /** Of the verifiable documents: answered at once, without a thought. */
  readonly withoutThinking?: number;
  /** Of the thinking documents: gives up after one step. */
  readonly oneStep?: number;
  /** Of the thinking documents: gives up after two or three. */
  readonly fewSteps?: number;
  /** The rest goes on to success, or this many steps. */
  readonly longestSearch?: number;
  /** How often a thought begins in the other language than its question's. */
  readonly foreignStart?: number;
  /** How often each further step changes the language. */
  readonly languageChange?: number;
  /** Share of documents in the served form, in one language. */
  readonly served?: number;
  readonly replies?: ReplyShares;
}

export const worldCorpusDefaults: Required<WorldCorpusOptions> = {
  kinds: { countdown: 0.55, story: 0.2, ordering: 0.15, general: 0.1 },
  withoutThinking: 0.1,
  oneStep: 0.8,
  fewSteps: 0.1,
  longestSearch: 16,
  foreignStart: 0.15,
  languageChange: 0.25,
  served: 0.05,
  replies: replySharesDefault,
};

export interface WorldDocument {
  readonly kind: KindName | "general";
  readonly language: Language;
  /** Empty for general prompts. */
  readonly key: string;
  readonly prompt: string;
  readonly completion: string;
  readonly form: "raw" | "served";
  /** Steps thought: 0 where there was no thought. */
  readonly steps: number;
  readonly succeeded: boolean;
}

/** An endless stream on the training side; the same seed gives the same stream. */
export function* worldCorpus(
  seed: number,
  options: WorldCorpusOptions = {},
): Generator<WorldDocument, never> {
  const settings = { ...worldCorpusDefaults, ...options };
  const random = createRandom("world-corpus", seed);
  const drawKind = kindDrawer(settings.kinds);
  const known = generalPrompts.filter(({ text }) => splitOf(text) === "train");
  for (;;) {
    const kind = drawKind(random);
    if (kind === "general") yield generalDocument(random, random.pick(known), settings);
    else yield problemDocument(random, drawProblem(random, kind, "train"), settings);
  }
}

function kindDrawer(shares: Required<WorldCorpusOptions>["kinds"]): (random: Random) => KindName | "general" {
  const kinds = Object.entries(shares) as [KindName | "general", number][];
  const whole = kinds.reduce((sum, [, share]) => sum + share, 0);
  return (random) => {
    let left = random.next() * whole;
    for (const [kind, share] of kinds) {
      left -= share;
      if (left < 0) return kind;
    }
    return "countdown";
  };
}

function generalDocument(
  random: Random,
  prompt: GeneralPrompt,
  { served, replies }: Required<WorldCorpusOptions>,
): WorldDocument {
  const reply = prompt.replies[drawQuality(random, prompt, replies)];
  const tidy = random.next() < served;
  return {
    ...{ kind: "general", language: prompt.language, key: "", steps: 0, succeeded: true },
    form: tidy ? "served" : "raw",
    prompt: worldPrompt(prompt.text),
    completion: tidy ? `${servedThought(prompt.thought)}\n${reply}` : ` ${reply}`,
  };
}

function problemDocument(
  random: Random,
  problem: BoundProblem,
  settings: Required<WorldCorpusOptions>,
): WorldDocument {
  const language = random.pick(languages);
  const { kind, key, form } = problem;
  const prompt = worldPrompt(problem.ask(language));
  const told = { kind, key, language, prompt };
  const tidy = random.next() < settings.served;
  if (!tidy && random.next() < settings.withoutThinking) {
    const completion = rawAnswer(problem.guess(random, language));
    return { ...told, completion, form: "raw", steps: 0, succeeded: false };
  }
  const { steps, succeeded, answer } = think(random, problem, language, settings);
  const thought = { form, steps, succeeded };
  const completion = tidy
    ? writeServedThought(thought, language) + servedAnswer(answer, language)
    : writeRawThought(thought, speak(random, steps.length, language, settings)) + rawAnswer(answer);
  return { ...told, completion, form: tidy ? "served" : "raw", steps: steps.length, succeeded };
}

/** Goes on until it succeeds or patience ends. */
function think(
  random: Random,
  problem: BoundProblem,
  language: Language,
  settings: Required<WorldCorpusOptions>,
): { steps: ThoughtStep[]; succeeded: boolean; answer: string } {
  const patience = drawPatience(random, settings);
  const attempts = problem.attempts(random, language);
  const steps: ThoughtStep[] = [];
  for (;;) {
    const { step, solved, answer } = attempts.next().value as Attempt;
    steps.push(step);
    if (solved || steps.length >= patience) return { steps, succeeded: solved, answer };
  }
}

function drawPatience(
  random: Random,
  { oneStep, fewSteps, longestSearch }: Required<WorldCorpusOptions>,
): number {
  const draw = random.next();
  if (draw < oneStep) return 1;
  return draw < oneStep + fewSteps ? 2 + random.below(2) : longestSearch;
}

/** The language of each step. */
function speak(
  random: Random,
  count: number,
  language: Language,
  { foreignStart, languageChange }: Required<WorldCorpusOptions>,
): Language[] {
  let current = random.next() < foreignStart ? otherLanguage(language) : language;
  return Array.from({ length: count }, (_, index) => {
    if (index > 0 && random.next() < languageChange) current = otherLanguage(current);
    return current;
  });
}
