/** IFEval's four published accuracies, and the same by instruction. */
import type { InstructionsResult } from "./verify-instructions.ts";

export interface InstructionAccuracy {
  readonly strict: number;
  readonly loose: number;
}

export interface InstructionSummary {
  readonly prompts: number;
  readonly instructions: number;
  /** The share of prompts all of whose instructions are followed; 0 where there are none. */
  readonly promptLevel: InstructionAccuracy;
  /** The share of instructions followed, over all prompts. */
  readonly instructionLevel: InstructionAccuracy;
  /** By instruction id, in alphabetical order. */
  readonly byInstruction: Readonly<Record<string, InstructionAccuracy & { readonly count: number }>>;
}

/** Prompt-level and instruction-level accuracy, strict and loose (Zhou et al. 2023, table 3); shares in 0..1. */
export function summariseInstructions(results: readonly InstructionsResult[]): InstructionSummary {
  const details = results.flatMap((result) => result.details);
  const ids = [...new Set(details.map((detail) => detail.id))].sort();
  return {
    prompts: results.length,
    instructions: details.length,
    promptLevel: {
      strict: share(results, (result) => result.strict.all),
      loose: share(results, (result) => result.loose.all),
    },
    instructionLevel: accuracy(details),
    byInstruction: Object.fromEntries(
      ids.map((id) => {
        const own = details.filter((detail) => detail.id === id);
        return [id, { ...accuracy(own), count: own.length }];
      }),
    ),
  };
}

function accuracy(
  details: readonly { readonly strict: boolean; readonly loose: boolean }[],
): InstructionAccuracy {
  return {
    strict: share(details, (detail) => detail.strict),
    loose: share(details, (detail) => detail.loose),
  };
}

function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}
