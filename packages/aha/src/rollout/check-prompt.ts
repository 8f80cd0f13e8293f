/** Whether a prompt can be completed at all. */
import type { LanguageModel } from "../models/language-model.ts";
import { PromptError } from "./prompt-error.ts";

/** Throws PromptError for a prompt that is empty, holds ids unknown to the model, or leaves no room for `maxNewTokens`. */
export function checkPrompt(
  model: LanguageModel,
  promptTokenIds: readonly number[],
  index: number,
  maxNewTokens: number,
  positions: number = model.positions,
): void {
  if (promptTokenIds.length === 0) {
    throw new PromptError(
      `prompt ${index} has no tokens: give at least one, such as the beginning-of-sequence token`,
    );
  }
  const strange = promptTokenIds.find(
    (id) => !(Number.isInteger(id) && id >= 0 && id < model.config.vocabularySize),
  );
  if (strange !== undefined) {
    throw new PromptError(
      `prompt ${index} holds the token id ${strange}; this model knows 0 … ${model.config.vocabularySize - 1}`,
    );
  }
  const needed = promptTokenIds.length + maxNewTokens;
  if (needed > positions) {
    throw new PromptError(
      `prompt ${index} has ${promptTokenIds.length} tokens and maxNewTokens is ${maxNewTokens}: ${needed} together, ` +
        `but the model has ${positions} positions. Lower maxNewTokens to ${Math.max(0, positions - promptTokenIds.length)} or shorten the prompt`,
    );
  }
}
