/** Evaluates a run's policy on held-out questions, and keeps what it wrote. */
import { evaluatePolicy } from "../evaluation/evaluate-policy.ts";
import { stepName } from "../run/rollout-files.ts";
import type { EvaluationSummary } from "../run/run-records.ts";
import { PHASE_DEADLINE_SECONDS } from "../training/phase-deadline.ts";
import type { ReinforcementRun } from "./reinforcement-run.ts";
import { countEvaluation } from "./run-costs.ts";
import { watchForHacking } from "./watch-for-hacking.ts";

/** All evaluations of a run draw with the same seeds, and with none of training's. */
const EVALUATION_STEP = -2;

/** The summary, which is recorded as well; null where the recipe asks for no evaluation or the task has no questions. */
export async function evaluateHeldOut(
  run: ReinforcementRun,
  when: "before" | "during" | "after",
): Promise<EvaluationSummary | null> {
  const { recipe, session, task, phases, directory, progress, step } = run;
  const { questions, samplesPerQuestion, temperature, topP } = recipe.evaluation;
  if (questions === 0 || task.heldOut.length === 0) return null;
  const { maxNewTokens, eosTokenIds, capacity } = session.sampling;
  progress.status(`Evaluating on ${Math.min(questions, task.heldOut.length)} held-out questions …`);
  const { summary, records } = await phases.runAsync(
    "evaluation",
    () =>
      evaluatePolicy(session.policy, session.tokenizer, task, {
        ...{ questions, samplesPerQuestion, temperature, topP, maxNewTokens, eosTokenIds, capacity },
        runSeed: recipe.seed,
        step: EVALUATION_STEP,
      }),
    PHASE_DEADLINE_SECONDS,
  );
  const writer = directory.evaluation(when === "during" ? stepName(step) : when);
  for (const record of records) writer.append(record);
  writer.close();
  countEvaluation(run, records);
  directory.record({ type: "evaluation", step, when, summary });
  if (when !== "after") watchForHacking(run, records);
  progress.say(
    `${when}: accuracy ${(100 * summary.accuracy).toFixed(1)} %, format ${(100 * summary.format).toFixed(1)} %, ` +
      `mean length ${summary.mean_length.toFixed(1)} tokens, "wait" ${(summary.reflection.wait ?? 0).toFixed(2)} a response`,
  );
  return summary;
}
