/** Judges a Countdown answer: exact arithmetic, every number exactly once, safe against any text. */
import { findAnswers, type ThinkingOptions } from "../format/tagged-answer.ts";
import type { Outcome } from "../outcome.ts";
import { evaluateArithmetic } from "./arithmetic-evaluator.ts";
import { ArithmeticSyntaxError, type ArithmeticToken, readArithmetic } from "./arithmetic-lexer.ts";
import { formatRational } from "./rational.ts";

export interface CountdownVerdict {
  /** 1 exactly where the outcome is `correct`. */
  readonly value: 0 | 1;
  readonly outcome: Outcome;
  /** One line for a human: why. */
  readonly detail: string;
}

/** An answer longer than this is not read: it holds no Countdown expression anyone wrote on purpose. */
const longestAnswer = 2_000;
/** More different answers than this in one completion are guessing. */
const mostAnswers = 8;

/**
 * Value 1 and outcome `correct` where the completion's answer uses every one of `nums` exactly once and equals
 * `target`; else value 0 and `wrong`, or `unparsed` where there is no readable answer. The last answer counts,
 * but a completion that offers several is correct only if every one of them is: not correct by luck.
 * Never throws, never evaluates code; linear in the completion's length.
 */
export function judgeCountdown(
  completion: string,
  nums: readonly number[],
  target: number,
  options: ThinkingOptions = {},
): CountdownVerdict {
  const answers = findAnswers(completion, options);
  const last = answers.at(-1);
  if (last === undefined) return unparsed("no <answer>…</answer> outside the thinking");
  const verdict = judgeExpression(last, nums, target);
  if (verdict.outcome !== "correct") return verdict;
  const others = new Set(answers);
  others.delete(last);
  if (others.size >= mostAnswers) return wrong(`${others.size + 1} different answers`);
  for (const other of others) {
    if (judgeExpression(other, nums, target).outcome !== "correct") {
      return wrong("several answers that disagree");
    }
  }
  return verdict;
}

/** Judges the text of one answer; the same verdicts as `judgeCountdown`. */
export function judgeExpression(text: string, nums: readonly number[], target: number): CountdownVerdict {
  if (text.length > longestAnswer) return unparsed(`an answer of ${text.length} characters`);
  try {
    return judgeTokens(readArithmetic(trimAnswer(text)), nums, target);
  } catch (error) {
    if (error instanceof ArithmeticSyntaxError) return unparsed(error.message);
    throw error;
  }
}

function judgeTokens(
  tokens: readonly ArithmeticToken[],
  nums: readonly number[],
  target: number,
): CountdownVerdict {
  const { expression, claim } = splitClaim(tokens);
  if (expression.length === 0) return unparsed("an empty answer");
  const used = expression.flatMap((token) => (token.kind === "number" ? [token.value] : []));
  // Numbers are checked first: it bounds the fractions, whatever the model printed.
  const usesEachOnce = sortedText(used) === sortedText(nums.map(BigInt));
  const value = usesEachOnce ? evaluateArithmetic(expression) : undefined;
  if (value === undefined) {
    // Syntax still decides between wrong and unparsed; ones in place of the numbers keep it cheap.
    evaluateArithmetic(
      expression.map((token) => (token.kind === "number" ? { ...token, value: 1n } : token)),
    );
    return wrong(`uses ${used.slice(0, 12).join(", ") || "no number"} instead of ${nums.join(", ")}`);
  }
  if (value === null) return wrong("divides by zero");
  if (value.denominator !== 1n || value.numerator !== BigInt(target)) {
    return wrong(`equals ${formatRational(value)}, not ${target}`);
  }
  if (claim !== null && claim !== BigInt(target)) return wrong(`claims to equal ${claim}`);
  return { value: 1, outcome: "correct", detail: `equals ${target}` };
}

/** `expression` or `expression = integer`; any other use of = is no answer. */
function splitClaim(tokens: readonly ArithmeticToken[]): {
  readonly expression: readonly ArithmeticToken[];
  readonly claim: bigint | null;
} {
  const equals = tokens.findIndex((token) => token.kind === "equals");
  if (equals < 0) return { expression: tokens, claim: null };
  const tail = tokens.slice(equals + 1);
  const negative = tail[0]?.kind === "operator" && tail[0].operator === "-";
  const number = tail[negative ? 1 : 0];
  if (number?.kind !== "number" || tail.length !== (negative ? 2 : 1)) {
    throw new ArithmeticSyntaxError("expected nothing but a whole number after =");
  }
  return { expression: tokens.slice(0, equals), claim: negative ? -number.value : number.value };
}

/** Drops what people put around an expression: a full stop after it, `\boxed{…}` about it. */
function trimAnswer(text: string): string {
  const bare = text.trim().replace(/[.。]$/u, "");
  const boxed = /^\$*\s*\\boxed\s*\{([\s\S]*)\}\s*\$*$/u.exec(bare);
  return boxed?.[1] ?? bare;
}

/** Equal for equal multisets. */
function sortedText(values: readonly bigint[]): string {
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join(",");
}

function wrong(detail: string): CountdownVerdict {
  return { value: 0, outcome: "wrong", detail };
}

function unparsed(detail: string): CountdownVerdict {
  return { value: 0, outcome: "unparsed", detail };
}
