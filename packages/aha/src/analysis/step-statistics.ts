/** One step of a run in numbers: read from its rollouts as they come, never all at once. */
import { checkReadability, languageConsistency } from "@aha/verify";
import type { RolloutRecord } from "../run/run-records.ts";
import { type CompletionFacts, completionFacts } from "./completion-facts.ts";
import { completionParts } from "./completion-parts.ts";
import { type GroupStatistics, groupStatistics } from "./group-statistics.ts";
import { RunningMean } from "./running-mean.ts";

export interface StepStatistics {
  readonly step: number;
  readonly completions: number;
  /** pass@1; null where nothing was judged. */
  readonly accuracy: number | null;
  readonly tokens: number;
  readonly thinkingTokens: number;
  readonly cutOff: number; // share
  /** Occurrences a completion, by word. */
  readonly words: Readonly<Record<string, number>>;
  /** All of them together. */
  readonly reflection: number;
  /** Share of words in the prompt's language; null where there were hardly any words. */
  readonly languageConsistency: number | null;
  /** Mean share of eight-word runs that were there before. */
  readonly repetition: number | null;
}

export interface StepOptions {
  readonly countWords: (text: string) => Readonly<Record<string, number>>;
  /** Of questions that have none of their own, by question. */
  readonly levels: ReadonlyMap<string, string>;
  /** `auto`: each prompt's own. */
  readonly language: string;
  /** Completions a step whose language and repetition are measured: that is slow. */
  readonly closely: number;
}

/** Fewer words than this say nothing of a language. */
const FEWEST_WORDS = 3;

/** Chinese where a tenth of the prompt's letters are, else English. */
export function promptLanguage(prompt: string): string {
  const letters = prompt.match(/\p{L}/gu)?.length ?? 0;
  const chinese = prompt.match(/\p{Script=Han}/gu)?.length ?? 0;
  return chinese > 0 && chinese >= 0.1 * letters ? "zh" : "en";
}

/** A step's numbers, and those of each of its groups handed to `onGroup`. */
export async function stepStatistics(
  step: number,
  records: Iterable<RolloutRecord>,
  options: StepOptions,
  onGroup: (group: GroupStatistics) => void,
): Promise<StepStatistics> {
  const { countWords, levels, closely } = options;
  const [accuracy, tokens, thinking, cutOff] = [0, 1, 2, 3].map(() => new RunningMean()) as [
    RunningMean,
    RunningMean,
    RunningMean,
    RunningMean,
  ];
  const [language, repetition] = [new RunningMean(), new RunningMean()];
  const words: Record<string, number> = {};
  let group: CompletionFacts[] = [];
  let groupKey = "";
  let [completions, examined] = [0, 0];
  const close = async (): Promise<void> => {
    if (group.length > 0) onGroup(await groupStatistics(group));
    group = [];
  };
  for (const record of records) {
    // A question that is asked twice in a step makes two groups: each begins with its sample 0.
    if (record.question !== groupKey || record.sample === 0) await close();
    groupKey = record.question;
    const facts = completionFacts(record, levels);
    group.push(facts);
    completions++;
    if (facts.correct !== null) accuracy.add(facts.correct);
    tokens.add(facts.tokens);
    thinking.add(facts.thinkingTokens);
    cutOff.add(facts.cutOff ? 1 : 0);
    for (const [word, count] of Object.entries(countWords(record.completion)))
      words[word] = (words[word] ?? 0) + count;
    // Spread over the step: every so many completions, as long as there is room.
    if (examined >= closely || (completions - 1) % 7 !== 0) continue;
    examined++;
    const { thinking: thought } = completionParts(record.completion, record.prompt);
    const text = thought === "" ? record.completion : thought;
    const target = options.language === "auto" ? promptLanguage(record.prompt) : options.language;
    const found = await languageConsistency(text, target);
    if (found.words >= FEWEST_WORDS) language.add(found.ratio, found.words);
    repetition.add((await checkReadability(text)).measures.repeatedRuns);
  }
  await close();
  const each = Object.fromEntries(
    Object.entries(words).map(([word, count]) => [word, count / Math.max(1, completions)]),
  );
  return {
    ...{ step, completions, words: each },
    accuracy: accuracy.value,
    tokens: tokens.value ?? 0,
    thinkingTokens: thinking.value ?? 0,
    cutOff: cutOff.value ?? 0,
    reflection: Object.values(each).reduce((sum, count) => sum + count, 0),
    languageConsistency: language.value,
    repetition: repetition.value,
  };
}
