/** Runs one benchmark: asks every question k times, judges each completion as it comes, and keeps every transcript. */

import { digestOf } from "../endpoint/completion-cache.ts";
import { EndpointError } from "../endpoint/endpoint-error.ts";
import { PromptError } from "../rollout/prompt-error.ts";
import { deriveSeed } from "../rollout/seeds.ts";
import type { Judgement, Question, Task } from "../tasks/task.ts";
import { RewardScorer } from "../training/reward-scorer.ts";
import { Slots } from "../training/slots.ts";
import type { EvaluationSettings } from "./benchmark-result.ts";
import type { Completer } from "./completer.ts";
import { EvaluationFolderError } from "./evaluation-files.ts";
import type { SampleRecord, Turn } from "./sample-record.ts";
import { headlineReward, type QuestionSamples } from "./summarise-samples.ts";

export interface BenchmarkRun {
  readonly task: Task;
  /** Name and options, as they were given: part of every record's key. */
  readonly reference: Readonly<Record<string, unknown>>;
  readonly questions: readonly Question[];
  readonly samplesPerQuestion: number;
  readonly settings: EvaluationSettings;
  /** What is known from an earlier run, by key. */
  readonly known: ReadonlyMap<string, SampleRecord>;
  /** Keeps a record, at once. */
  readonly keep: (record: SampleRecord) => void;
  /** Told of every record, also of those that are known. */
  readonly onRecord?: (record: SampleRecord, value: number | null) => void;
}

/** So many failures with nothing else end a run: it would go on failing. */
const FAILURES_THAT_END = 8;

/** An evaluation that cannot go on: every request fails, or one failed in a way that all will. */
export class EvaluationHalted extends Error {
  override readonly name = "EvaluationHalted";
}

/**
 * All samples, by question. A request that fails for good leaves a record with `failure`. Throws EvaluationHalted where
 * requests fail that cannot succeed, EvaluationFolderError where the known records are of another evaluation.
 */
export async function runBenchmark(completer: Completer, run: BenchmarkRun): Promise<QuestionSamples[]> {
  const sampler = new Sampler(completer, run);
  const asked = run.questions.map((question) => ({
    question,
    records: Array.from({ length: run.samplesPerQuestion }, (_, sample) => sampler.record(question, sample)),
  }));
  return Promise.all(
    asked.map(async ({ question, records }) => ({ question, records: await Promise.all(records) })),
  );
}

/** Holds what the samples of one run share: places, judges, and how often asking has failed. */
class Sampler {
  readonly #completer: Completer;
  readonly #run: BenchmarkRun;
  readonly #slots: Slots;
  readonly #scorer: RewardScorer;
  readonly #reward: string;
  readonly #knownKeys: ReadonlyMap<string, string>;
  readonly #setting: string;
  #answered = 0;
  #failed = 0;
  #halt: EvaluationHalted | null = null;
  /** The run was given up: what still comes in has nowhere to be kept. */
  #ended = false;

  constructor(completer: Completer, run: BenchmarkRun) {
    this.#completer = completer;
    this.#run = run;
    this.#slots = new Slots(completer.concurrency);
    this.#scorer = new RewardScorer(run.task.rewards);
    this.#reward = headlineReward(run.task);
    this.#knownKeys = new Map(
      [...run.known.values()].map(({ question, sample, key }) => [`${question}\0${sample}`, key]),
    );
    const { seed, ...settings } = run.settings;
    const greedy = settings.temperature === 0;
    this.#setting = digestOf({
      identity: completer.identity,
      task: run.reference,
      settings,
      seed: greedy ? 0 : seed,
    });
  }

  async record(question: Question, sample: number): Promise<SampleRecord> {
    const key = digestOf({ setting: this.#setting, id: question.id, prompt: question.prompt, sample });
    const known = this.#known(question, sample, key);
    if (known !== null) return this.#tell(known);
    const free = this.#slots.take();
    if (free !== null) await free;
    const started = performance.now();
    const turns: Turn[] = [];
    try {
      // Judging has bounds of its own: a slow judge holds no place that a request could take.
      const completion = await this.#converse(question, sample, turns).finally(() => this.#slots.leave());
      this.#answered += 1;
      const judgements = await this.#judge(question, sample, completion, turns);
      const error = Object.entries(judgements).find(([, { outcome }]) => outcome === "error");
      const failure = error === undefined ? null : `${error[0]}: ${error[1].detail ?? "error"}`;
      return this.#keep({ key, question, sample, turns, completion, judgements, failure, started });
    } catch (error) {
      const failure = this.#fail(error);
      return this.#keep({ key, question, sample, turns, completion: "", judgements: {}, failure, started });
    }
  }

  #known(question: Question, sample: number, key: string): SampleRecord | null {
    const other = this.#knownKeys.get(`${question.id}\0${sample}`);
    if (other !== undefined && other !== key) {
      throw new EvaluationFolderError(
        `task "${this.#run.task.name}": the folder holds samples of the same questions by another model, other options ` +
          "or other sampling. Take another --output, or remove the folder",
      );
    }
    const known = this.#run.known.get(key) ?? null;
    return known?.failure === null ? known : null;
  }

  async #converse(question: Question, sample: number, turns: Turn[]): Promise<string> {
    const { task, settings } = this.#run;
    const { seed: runSeed, ...sampling } = settings;
    const ask = async (prompt: Question["prompt"]): Promise<{ text: string; truncated: boolean }> => {
      if (this.#halt !== null) throw this.#halt;
      // The first turn's seed is that of a rollout at step 0: the same completion, however it is asked for.
      const seed = deriveSeed(runSeed, 0, question.id, sample, ...(turns.length === 0 ? [] : [turns.length]));
      const { text, ...rest } = await this.#completer.complete({ prompt, sampling, seed });
      turns.push({ prompt, completion: text, ...rest });
      return { text, truncated: rest.finish === "length" };
    };
    const first = await ask(question.prompt);
    return (await task.evaluation?.converse?.(question, first.text, ask)) ?? first.text;
  }

  async #judge(
    question: Question,
    sample: number,
    text: string,
    turns: readonly Turn[],
  ): Promise<Readonly<Record<string, Judgement>>> {
    const finish = turns.at(-1)?.finish ?? "stop";
    const completion = { sample, tokenIds: [], logProbabilities: new Float32Array(), text, finish };
    return (await this.#scorer.score(question, completion)).breakdown;
  }

  /** Why there is no completion. Throws EvaluationHalted where there will be none. */
  #fail(error: unknown): string {
    if (error instanceof EvaluationHalted) throw error;
    const ours = error instanceof EndpointError || error instanceof PromptError;
    if (!ours) {
      this.#ended = true;
      throw error;
    }
    this.#failed += 1;
    const hopeless = error instanceof EndpointError && error.hopeless;
    const most = Math.min(FAILURES_THAT_END, this.#run.questions.length * this.#run.samplesPerQuestion);
    if (hopeless || (this.#answered === 0 && this.#failed >= most)) {
      this.#halt ??= new EvaluationHalted(
        `${error.message} (no request of task "${this.#run.task.name}" succeeded)`,
        {
          cause: error,
        },
      );
      this.#ended = true;
      throw this.#halt;
    }
    return error.message;
  }

  #keep({
    question,
    started,
    ...rest
  }: Omit<SampleRecord, "question" | "seconds"> & {
    readonly question: Question;
    readonly started: number;
  }): SampleRecord {
    const seconds = (performance.now() - started) / 1000;
    const turns =
      rest.turns.length > 0
        ? rest.turns
        : [
            {
              prompt: question.prompt,
              completion: "",
              finish: "stop" as const,
              promptTokens: null,
              completionTokens: null,
              reasoningTokens: null,
            },
          ];
    const record: SampleRecord = { ...rest, question: question.id, turns, seconds };
    if (this.#ended) return record;
    this.#run.keep(record);
    return this.#tell(record);
  }

  #tell(record: SampleRecord): SampleRecord {
    const value = record.failure === null ? (record.judgements[this.#reward]?.value ?? null) : null;
    this.#run.onRecord?.(record, value);
    return record;
  }
}
