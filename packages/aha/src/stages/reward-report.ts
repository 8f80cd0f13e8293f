/** What is told of a reward model: its metrics by step, a line at the end, and the model card. */
import type { RewardAccuracy, Share } from "../evaluation/reward-accuracy.ts";
import type { RewardModelRecipe } from "../recipe/reward-model-schema.ts";
import type { RewardExample } from "../training/reward-example.ts";
import type { ScoredPart } from "../training/reward-text.ts";
import type { RewardData } from "./reward-data.ts";
import type { SupervisedLoop } from "./supervised-run.ts";

/** Of an update's scores; named as TRL's RewardTrainer names them. */
export function scoreMetrics(
  examples: readonly RewardExample[],
  scores: readonly (readonly number[])[],
): Record<string, number> {
  const all = scores.flat();
  const margins = examples.flatMap((one, index) => {
    const [first = 0, second = 0] = scores[index] ?? [];
    return one.kind === "pair" ? [first - second] : [one.label ? first : -first];
  });
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return {
    accuracy: mean(margins.map((margin) => (margin > 0 ? 1 : margin < 0 ? 0 : 0.5))),
    margin: mean(margins),
    mean_reward: mean(all),
    min_reward: Math.min(...all),
    max_reward: Math.max(...all),
  };
}

export function rewardMetrics({ loss, model, length, difference }: RewardAccuracy): Record<string, number> {
  return {
    "evaluation/loss": loss,
    "evaluation/accuracy": model.accuracy,
    "evaluation/accuracy_low": model.low,
    "evaluation/accuracy_high": model.high,
    "evaluation/length_accuracy": length.accuracy,
    "evaluation/over_length": difference.mean,
  };
}

const percent = (value: number): string => (100 * value).toFixed(1);
const told = ({ accuracy, low, high }: Share): string =>
  `${percent(accuracy)} % (95 % interval ${percent(low)}–${percent(high)})`;

/** One line for the terminal. */
export function rewardLine({ examples, prompts, model, chance, length, difference }: RewardAccuracy): string {
  return (
    `Held out: ${told(model)} of ${examples} examples of ${prompts} prompts; chance ${percent(chance)} %; ` +
    `length alone (${length.rule}) ${told(length)}; difference ${percent(difference.mean)} points ` +
    `(${percent(difference.low)} to ${percent(difference.high)})`
  );
}

/** What a reader of the model card must know. */
export function rewardCard(
  recipe: RewardModelRecipe,
  part: ScoredPart,
  sets: readonly string[],
  data: RewardData,
  loop: SupervisedLoop,
  found: RewardAccuracy | null,
): string {
  const text = part === "summary" ? "the summary (what stands behind `</think>`)" : "the whole response";
  const evaluation =
    found === null
      ? []
      : [
          "\n\n## Held-out accuracy\n\n",
          `${rewardLine(found)}.\n\n`,
          "| set | examples | accuracy | 95 % interval | length alone |\n|---|---|---|---|---|\n",
          ...Object.entries(found.sets).map(
            ([name, set]) =>
              `| ${name} | ${set.examples} | ${percent(set.accuracy)} % | ${percent(set.low)}–${percent(set.high)} | ${percent(set.lengthAccuracy)} % |\n`,
          ),
        ];
  return [
    `A reward model: one number for a response, higher for better. Trained from \`${recipe.model.path}\` by the recipe `,
    `\`${recipe.name}\` on ${sets.map((set) => `\`${set}\``).join(", ")} with a ${recipe.loss} loss; it reads ${text}.\n\n`,
    `- ${data.train.length} examples, ${recipe.epochs} ${recipe.epochs === 1 ? "epoch" : "epochs"} of batches of ${recipe.batch}, seed ${recipe.seed}\n`,
    `- ${loop.tokens} tokens, learning rate ${recipe.learningRate} (${recipe.schedule})\n`,
    `- ${Math.round(loop.seconds)} s of training`,
    ...evaluation,
  ].join("");
}
