/** Ways in which a model states its answer: free text around it, and texts that mention a right one but end on another. */
import type { Random } from "./random.ts";

type Phrase = (answer: string) => string;

/** Any LaTeX answer may stand in these. */
const latexPhrases: Readonly<Record<string, Phrase>> = {
  boxed: (answer) => `\\boxed{${answer}}`,
  "boxed in prose": (answer) =>
    `We compute step by step: $1+1=2$ and $2^5=32$. Therefore the result is $\\boxed{${answer}}$.`,
  "boxed, display": (answer) => `So we have\n\\[\n\\boxed{${answer}}\n\\]\nas desired.`,
  "boxed after fbox text": (answer) => `**Final Answer**\n\\[ \\boxed{${answer}} \\]`,
  Minerva: (answer) =>
    `Adding up gives the total.\nFinal Answer: The final answer is $${answer}$. I hope it is correct.`,
  "the answer is": (answer) => `There are 3 cases and 12 subcases. The answer is $${answer}$.`,
  "answer:": (answer) => `Let me check with n = 3.\n\n**Answer:** $${answer}$`,
  "R1 format": (answer) =>
    `<think>First I guess 7. Wait, that is wrong: \\boxed{7} cannot hold. Let me see.</think>\n<answer>$${answer}$</answer>`,
  "thinking, then boxed": (answer) =>
    `<think>\nMaybe 12? No.\n</think>\n\nThe answer is \\(\\boxed{${answer}}\\).`,
  "Chinese answer": (answer) => `首先计算得 $2+3=5$，所以答案是 $${answer}$。`,
  "Chinese final": (answer) => `综上所述，最终答案为：\\boxed{${answer}}。`,
  "last formula": (answer) => `Since $4 \\cdot 5 = 20$, we finally get $${answer}$.`,
  "equals chain": (answer) => `Thus we obtain $\\boxed{${answer}}$, which completes the solution.`,
};

/** A plain number may stand in these as well. */
const numberPhrases: Readonly<Record<string, Phrase>> = {
  GSM8K: (answer) => `He has 3 * 4 = <<3*4=12>>12 apples.\n#### ${answer}`,
  "plain sentence": (answer) => `There were 5 boxes of 3 at first. So she has ${answer} left.`,
  "bold number": (answer) => `Half of 40 is 20, so in total there are **${answer}**.`,
  "answer is, plain": (answer) => `We add 4 and 9. The answer is ${answer}.`,
  "answer with unit": (answer) => `Therefore, the answer is ${answer} dollars.`,
  "Chinese plain": (answer) => `一共有 3 个盒子。答案是${answer}。`,
};

/** Texts that hold the right answer and end on another: only the last one counts. */
const buried: Readonly<Record<string, (right: string, wrong: string) => string>> = {
  "corrected to wrong": (right, wrong) =>
    `At first I get $${right}$, but that is a mistake. The answer is $\\boxed{${wrong}}$.`,
  "right box first": (right, wrong) =>
    `One way gives \\boxed{${right}}. Checking again, it must be \\boxed{${wrong}}.`,
  "right in thinking": (right, wrong) =>
    `<think>It is \\boxed{${right}}.</think>\n<answer>$${wrong}$</answer>`,
  "wrong boxed, right after": (right, wrong) => `\\boxed{${wrong}}. This is not $${right}$, of course.`,
  denied: (right, wrong) => `The answer is not $${right}$. The final answer is $${wrong}$.`,
  "hedged boxes": (right, wrong) =>
    `It is either \\boxed{${wrong}} or \\boxed{${right}} or \\boxed{${wrong}1}.`,
};

export interface Phrased {
  readonly rule: string;
  readonly text: string;
}

export function phraseAnswer(answer: string, isPlainNumber: boolean, random: Random): Phrased {
  const phrases = Object.entries(isPlainNumber ? { ...latexPhrases, ...numberPhrases } : latexPhrases);
  const [rule, phrase] = random.pick(phrases);
  return { rule, text: phrase(answer) };
}

export function buryAnswer(right: string, wrong: string, random: Random): Phrased {
  const [rule, phrase] = random.pick(Object.entries(buried));
  return { rule, text: phrase(right, wrong) };
}
