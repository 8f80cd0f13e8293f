/** Reads a gold answer once, at load time, and refuses one that could never be matched. */

import { extractResolved } from "./extract-answer.ts";
import type { MathOptions, ResolvedMathOptions } from "./options.ts";
import { resolveOptions } from "./options.ts";
import { MAXIMUM_ANSWER_LENGTH, type ParsedAnswer, parseAnswer } from "./parse-answer.ts";

const SHOWN = 200;

/** A gold answer that cannot be read: the data is at fault, and no prediction could be judged by it. */
export class GoldError extends Error {
  readonly gold: string;

  constructor(gold: string, reason: string) {
    const shown = gold.length > SHOWN ? `${gold.slice(0, SHOWN)}…` : gold;
    super(
      `The gold answer ${JSON.stringify(shown)} cannot be used: ${reason}. ` +
        "Correct it in the data set, or drop the question.",
    );
    this.name = "GoldError";
    this.gold = gold;
  }
}

const isSolution = (gold: string, options: ResolvedMathOptions): boolean =>
  options.gold === "solution" ||
  (options.gold === "auto" && (gold.includes("\\boxed") || gold.includes("\\fbox") || gold.includes("####")));

/** The answer's text in a gold, which may be a whole solution. */
const goldText = (gold: string, options: ResolvedMathOptions): string => {
  if (!isSolution(gold, options)) return gold;
  const extraction = extractResolved(gold, { ...options, question: null });
  if (extraction.answer === null) throw new GoldError(gold, "no answer was found in the solution");
  const distinct = new Set(extraction.all);
  return distinct.size > 1 ? [...distinct].join(", ") : extraction.answer;
};

/** With options already resolved. @throws GoldError */
export const parseGoldResolved = (gold: string, options: ResolvedMathOptions): ParsedAnswer => {
  const text = goldText(gold, options);
  if (text.trim() === "") throw new GoldError(gold, "it is empty");
  if (text.length > MAXIMUM_ANSWER_LENGTH)
    throw new GoldError(gold, `it has ${text.length} characters, more than ${MAXIMUM_ANSWER_LENGTH}`);
  const parsed = parseAnswer(text);
  if (parsed === null) throw new GoldError(gold, "nothing is left of it once formatting is taken away");
  if (parsed.answer === null)
    throw new GoldError(gold, "it is neither mathematics nor words that can be compared");
  return parsed;
};

/** The gold in parsed form. @throws GoldError when it is empty, too long or cannot be read. */
export const parseGold = (gold: string, options: MathOptions = {}): ParsedAnswer =>
  parseGoldResolved(gold, resolveOptions(options));
