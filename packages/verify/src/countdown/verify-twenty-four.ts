/** Judges an answer to the 24 game: all the numbers, each once, exact arithmetic, the value 24. */
import { findBoxed } from "../format/find-boxed.ts";
import { findAnswers, type ThinkingOptions } from "../format/tagged-answer.ts";
import { visibleText } from "../format/visible-text.ts";
import { type CountdownVerdict, judgeExpression } from "./countdown-verifier.ts";

export interface TwentyFourOptions extends ThinkingOptions {
  /** Default 24; any whole number makes it Countdown. */
  readonly target?: number;
}

/** More different answers than this are guessing. */
const mostAnswers = 8;
/** What people write before the expression on its line. */
const lead =
  /^[\s#>*\-•]*(?:(?:so|thus|hence|therefore|final|the|answer|solution|expression|is|答案|为|是|解)[\s,:：*]*)*/iu;

/**
 * Reads the answer from `<answer>`, else from `\boxed{}`, else from the last line that holds an arithmetic
 * expression, and judges it exactly (see `judgeExpression`). Answers in one kind of place must all be right.
 * Never throws, never evaluates code; linear in the prediction's length.
 */
export function verifyTwentyFour(
  prediction: string,
  numbers: readonly number[],
  options: TwentyFourOptions = {},
): CountdownVerdict {
  const target = options.target ?? 24;
  for (const value of [...numbers, target]) {
    if (!Number.isSafeInteger(value)) {
      return {
        value: 0,
        outcome: "error",
        detail: `expected whole numbers and a whole target, got ${value}`,
      };
    }
  }
  const answers = [...new Set(findExpressions(prediction, options))];
  if (answers.length > mostAnswers) {
    return { value: 0, outcome: "wrong", detail: `${answers.length} different answers` };
  }
  const verdicts = answers.map((answer) => judgeExpression(answer, numbers, target));
  const last = verdicts.at(-1);
  if (last === undefined)
    return { value: 0, outcome: "unparsed", detail: "no expression is given as the answer" };
  if (last.outcome === "correct" && verdicts.some(({ outcome }) => outcome !== "correct")) {
    return { value: 0, outcome: "wrong", detail: "several answers that disagree" };
  }
  return last;
}

function findExpressions(prediction: string, options: ThinkingOptions): readonly string[] {
  const tagged = findAnswers(prediction, options);
  if (tagged.length > 0) return tagged;
  const text = visibleText(prediction, options);
  const boxed = findBoxed(text);
  if (boxed.length > 0) return boxed;
  const lines = text
    .split("\n")
    .slice(-200)
    .map((line) =>
      line
        .slice(0, 500)
        .replace(/\*\*|`/g, "")
        .replace(lead, ""),
    );
  const last = lines.findLast((line) => judgeExpression(line, [], 0).outcome !== "unparsed");
  return last === undefined ? [] : [last];
}
