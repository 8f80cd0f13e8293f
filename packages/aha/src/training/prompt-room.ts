/** Checks before a run that every prompt leaves room for its completion, so that none stops it halfway. */
import { RecipeError } from "../recipe/recipe-error.ts";
import { promptTokenIds } from "../rollout/rollout.ts";
import type { Question, Task } from "../tasks/task.ts";
import type { PolicySession } from "./policy-session.ts";

/** The most tokens a prompt can have: a token stands for at least one byte. Unknown for conversations. */
function mostTokens({ prompt }: Question): number {
  return typeof prompt === "string" ? Buffer.byteLength(prompt) : Number.POSITIVE_INFINITY;
}

/**
 * Throws RecipeError where a question's prompt and `rl.maxNewTokens` together need more positions than the model has.
 * Only prompts that could be too long are encoded.
 */
export function requireRoom({ policy, tokenizer, recipe }: PolicySession, task: Task): void {
  const { maxPositions } = policy.config;
  const { maxNewTokens } = recipe.rl;
  const room = maxPositions - maxNewTokens;
  if (room < 1) {
    throw new RecipeError([
      {
        path: "rl.maxNewTokens",
        message: `${maxNewTokens} leaves no room for a prompt in the model's ${maxPositions} positions; take less than ${maxPositions} minus the longest prompt`,
      },
    ]);
  }
  let longest = { tokens: 0, id: "" };
  for (const question of [...task.train, ...task.heldOut]) {
    if (mostTokens(question) <= room) continue;
    const tokens = promptTokenIds(tokenizer, question).length;
    if (tokens > longest.tokens) longest = { tokens, id: question.id };
  }
  if (longest.tokens <= room) return;
  const remedy =
    longest.tokens < maxPositions
      ? `take at most ${maxPositions - longest.tokens}, or leave that question out`
      : "leave that question out";
  throw new RecipeError([
    {
      path: "rl.maxNewTokens",
      message: `${maxNewTokens} does not fit: the prompt of question "${longest.id}" has ${longest.tokens} tokens, the model ${maxPositions} positions; ${remedy}`,
    },
  ]);
}
