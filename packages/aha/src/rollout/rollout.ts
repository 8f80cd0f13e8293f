/** Samples groups of completions and hands each group on as soon as it is complete. */
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LanguageModel } from "../models/language-model.ts";
import type { Question } from "../tasks/task.ts";
import type { SampledSequence, SamplingOptions } from "./decoder.ts";
import { draftAcceptance, makeDecoder } from "./make-decoder.ts";
import type { Completion, Group } from "./records.ts";
import { deriveSeed } from "./seeds.ts";

export interface RolloutOptions extends SamplingOptions {
  readonly groupSize: number;
  /** Seeds derive from these, the question's id and the sample's number. */
  readonly runSeed: number;
  readonly step: number;
}

export interface RolloutResult {
  readonly groups: readonly Group[]; // in the order of the questions
  readonly generatedTokens: number;
  readonly seconds: number;
  /** Share of drafted tokens that were kept; null where nothing was drafted. */
  readonly draftAcceptance: number | null;
}

/** After so many steps, or so long, the event loop gets its turn: asynchronous rewards progress while sampling goes on. */
const STEPS_BETWEEN_PAUSES = 8;
const MILLISECONDS_BETWEEN_PAUSES = 20;

/** What hears of completions as they end; what it starts runs while the others are still being sampled. */
export interface RolloutListeners {
  /** Called for each completion at once. */
  readonly onCompletion?: (completion: Completion, question: number) => void;
  /** Called when the last completion of a question has ended. */
  readonly onGroup?: (group: Group, question: number) => void;
}

/** The token ids that a question's prompt becomes: a conversation through the chat template, text as it stands. */
export function promptTokenIds(tokenizer: Tokenizer, question: Question): number[] {
  if (typeof question.prompt === "string")
    return tokenizer.encode(question.prompt, { addSpecialTokens: false });
  const text = tokenizer.applyChatTemplate(
    question.prompt.map((message) => ({ ...message })),
    { addGenerationPrompt: true },
  );
  return tokenizer.encode(text, { addSpecialTokens: false });
}

/** A completion's text without its end-of-sequence token, which need not be a special one. */
export function completionText(
  tokenizer: Tokenizer,
  tokenIds: readonly number[],
  finish: Completion["finish"],
): string {
  return tokenizer.decode(finish === "stop" ? tokenIds.slice(0, -1) : tokenIds);
}

/** How often the question has been asked earlier in the same list: 0 the first time. */
function occurrence(questions: readonly Question[], index: number): number {
  const { id } = questions[index] as Question;
  return questions.slice(0, index).filter((other) => other.id === id).length;
}

/** Samples `groupSize` completions a question; listeners are called in the order in which completions end. */
export async function rollout(
  model: LanguageModel,
  tokenizer: Tokenizer,
  questions: readonly Question[],
  options: RolloutOptions,
  listeners: RolloutListeners = {},
): Promise<RolloutResult> {
  const start = performance.now();
  const prompts = questions.map((question) => promptTokenIds(tokenizer, question));
  const decoder = makeDecoder(
    model,
    questions.map((question, index) => {
      // A question asked twice in one step gets other completions the second time.
      const first = occurrence(questions, index) * options.groupSize;
      return {
        promptTokenIds: prompts[index] as number[],
        seeds: Array.from({ length: options.groupSize }, (_, sample) =>
          deriveSeed(options.runSeed, options.step, question.id, first + sample),
        ),
      };
    }),
    options,
  );
  const finished = questions.map(() => new Array<Completion | undefined>(options.groupSize));
  const missing = questions.map(() => options.groupSize);
  const groups = new Array<Group>(questions.length);
  const file = ({ request, sample, tokenIds, logProbabilities, finish }: SampledSequence): void => {
    const text = completionText(tokenizer, tokenIds, finish);
    const completion: Completion = { sample, tokenIds, logProbabilities, text, finish };
    (finished[request] as Completion[])[sample] = completion;
    listeners.onCompletion?.(completion, request);
    missing[request] = (missing[request] as number) - 1;
    if (missing[request] !== 0) return;
    const group: Group = {
      question: questions[request] as Question,
      promptTokenIds: prompts[request] as number[],
      completions: finished[request] as Completion[],
    };
    groups[request] = group;
    listeners.onGroup?.(group, request);
  };
  try {
    let paused = start;
    for (let steps = 1; !decoder.finished; steps++) {
      for (const sequence of decoder.step()) file(sequence);
      if (steps % STEPS_BETWEEN_PAUSES === 0 || performance.now() - paused > MILLISECONDS_BETWEEN_PAUSES) {
        await new Promise((resolve) => setImmediate(resolve));
        paused = performance.now();
      }
    }
  } catch (error) {
    decoder.dispose();
    throw error;
  }
  return {
    groups,
    generatedTokens: decoder.generated,
    seconds: (performance.now() - start) / 1000,
    draftAcceptance: draftAcceptance(decoder),
  };
}
