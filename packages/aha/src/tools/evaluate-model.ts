/** The work of `aha evaluate`: a model folder measured on a task's held-out questions. */
import type { EvaluateRequest, EvaluationReport } from "../contracts/work.ts";
import { evaluatePolicy } from "../evaluation/evaluate-policy.ts";
import { openModel, openTokenizer, stopTokens } from "../models/load-model.ts";
import { loadTask } from "../recipe/task-registry.ts";
import { bytesPerNumber, cacheCapacity } from "../rollout/cache-capacity.ts";
import { knownTasks } from "./known-tasks.ts";

/** Throws RecipeError for an unknown task or option, naming the nearest known one. */
export async function evaluateModel(request: EvaluateRequest): Promise<EvaluationReport> {
  const { sampling, samplesPerQuestion } = request;
  const task = await loadTask(request.task, knownTasks);
  const { model, generation } = openModel(request.model, { dtype: request.dtype, device: request.device });
  try {
    const tokenizer = openTokenizer(request.model, model.config);
    const { summary, extra } = await evaluatePolicy(model, tokenizer, task, {
      questions: request.questions,
      samplesPerQuestion,
      ...sampling,
      eosTokenIds: stopTokens(generation, tokenizer),
      capacity: cacheCapacity(
        model.cachedPerToken,
        bytesPerNumber(model.dtype),
        sampling.maxNewTokens,
        request.questions * samplesPerQuestion,
      ),
      runSeed: sampling.seed,
      step: 0,
    });
    const { questions = 0, ...others } = extra;
    return {
      ...summary,
      questions,
      samples: samplesPerQuestion,
      task: request.task.name,
      model: request.model,
      ...others,
    };
  } finally {
    model.dispose();
  }
}
