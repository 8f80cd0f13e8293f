/** Zero-shot against few-shot prompts on a run's last checkpoint: the R1 paper finds that examples make the model worse. */
import { join } from "node:path";
import type { ShotsRequest, ShotsRow } from "../contracts/shots.ts";
import { type EvaluationOptions, evaluatePolicy } from "../evaluation/evaluate-policy.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LanguageModel } from "../models/language-model.ts";
import { openModel, openTokenizer, stopTokens } from "../models/load-model.ts";
import { loadTask } from "../recipe/task-registry.ts";
import { bytesPerNumber, cacheCapacity } from "../rollout/cache-capacity.ts";
import { promptTokenIds } from "../rollout/rollout.ts";
import { latestCheckpoint } from "../run/checkpoints.ts";
import { readRollouts, rolloutSteps, stepName } from "../run/rollout-files.ts";
import { RunDirectoryError, runPaths } from "../run/run-directory.ts";
import type { Question, Task } from "../tasks/task.ts";
import { useThreads } from "../training/threads.ts";
import { knownTasks } from "./known-tasks.ts";

/** A question of training that the run's own policy answered rightly, with that answer. */
export interface Example {
  readonly prompt: Question["prompt"];
  readonly completion: string;
  readonly tokens: number;
}

/** Right answers of the run's last step, one a question, the shortest first. */
function examplesOf(run: string, task: Task): Example[] {
  const folder = runPaths(run).rollouts;
  const last = rolloutSteps(folder).at(-1);
  if (last === undefined) {
    throw new RunDirectoryError(`${run} kept no rollouts: examples for few-shot prompts come from them`);
  }
  const asked = new Map(task.train.map((question) => [question.id, question]));
  const found = new Map<string, Example>();
  for (const record of readRollouts(join(folder, `${stepName(last)}.jsonl`))) {
    const question = asked.get(record.question);
    const right = Object.values(record.breakdown).every(({ value }) => value === null || value >= 1);
    if (question === undefined || !right || record.finish !== "stop") continue;
    const tokens = record.promptTokenIds.length + record.tokenIds.length;
    const known = found.get(question.id);
    if (known !== undefined && known.tokens <= tokens) continue;
    found.set(question.id, { prompt: question.prompt, completion: record.completion, tokens });
  }
  return [...found.values()].sort((a, b) => a.tokens - b.tokens);
}

/** The question after examples: as text before its text, or as turns before its turns. */
export function withExamples(question: Question, examples: readonly Example[]): Question {
  const { prompt } = question;
  if (examples.length === 0) return question;
  if (typeof prompt === "string") {
    const before = examples.map((example) =>
      typeof example.prompt === "string" ? `${example.prompt}${example.completion}\n` : "",
    );
    return { ...question, prompt: `${before.join("")}${prompt}` };
  }
  const turns = examples.flatMap(({ prompt: asked, completion }) =>
    typeof asked === "string" ? [] : [...asked, { role: "assistant" as const, content: completion }],
  );
  return { ...question, prompt: [...turns, ...prompt] };
}

/**
 * Evaluates the run's last checkpoint with each number of examples on the same held-out questions.
 *
 * @throws {RunDirectoryError} where the run has no checkpoint, or too few short right answers for the examples asked for
 */
export async function compareShots(request: ShotsRequest): Promise<ShotsRow[]> {
  const { run, recipe, shots, questions } = request;
  const checkpoint = latestCheckpoint(runPaths(run).checkpoints);
  if (checkpoint === undefined) throw new RunDirectoryError(`${run} has no checkpoint to evaluate`);
  useThreads(recipe.threads);
  const task = await loadTask(recipe.task, knownTasks);
  const examples = examplesOf(run, task);
  const opened = openModel(checkpoint.path, { dtype: recipe.model.dtype, device: recipe.model.device });
  const { model, generation } = opened;
  try {
    const tokenizer = openTokenizer(checkpoint.path, model.config);
    const options: EvaluationOptions = {
      ...{ questions, samplesPerQuestion: 1, runSeed: recipe.seed, step: -2 },
      ...{ temperature: recipe.evaluation.temperature, topP: recipe.evaluation.topP },
      maxNewTokens: recipe.rl.maxNewTokens,
      eosTokenIds: stopTokens(generation, tokenizer),
      capacity: cacheCapacity(
        model.cachedPerToken,
        bytesPerNumber(model.dtype),
        recipe.rl.maxNewTokens,
        questions,
      ),
    };
    const rows: ShotsRow[] = [];
    for (const count of shots) {
      if (count > examples.length) {
        throw new RunDirectoryError(
          `${run}: ${count} examples were asked for, but its last step has right answers to ${examples.length} questions only`,
        );
      }
      const chosen = examples.slice(0, count);
      requireRoom(model, tokenizer, task, chosen, recipe.rl.maxNewTokens);
      const asked = { ...task, heldOut: task.heldOut.map((question) => withExamples(question, chosen)) };
      const { summary, extra } = await evaluatePolicy(model, tokenizer, asked, options);
      rows.push({
        ...{ shots: count, accuracy: summary.accuracy, format: summary.format, tokens: summary.mean_length },
        ...{ low: extra.accuracy_low ?? Number.NaN, high: extra.accuracy_high ?? Number.NaN },
      });
    }
    return rows;
  } finally {
    model.dispose();
  }
}

function requireRoom(
  model: LanguageModel,
  tokenizer: Tokenizer,
  task: Task,
  examples: readonly Example[],
  maxNewTokens: number,
): void {
  const [first] = task.heldOut;
  if (first === undefined) throw new RunDirectoryError("the task has no held-out questions to ask");
  const prompt = promptTokenIds(tokenizer, withExamples(first, examples)).length;
  if (prompt + maxNewTokens <= model.positions) return;
  throw new RunDirectoryError(
    `${examples.length} examples make a prompt of ${prompt} tokens; with ${maxNewTokens} new ones that is over the model's ${model.positions} positions. Ask for fewer examples`,
  );
}
