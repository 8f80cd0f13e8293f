/** Cold-start traces for Countdown: worked examples, wrong tries included, that teach a chat model the form of a search. */
import type { JsonValue } from "@aha/verify";
import { type Computation, drawComputation } from "./countdown-computation.ts";
import {
  type CountdownProblem,
  type CountdownPromptForm,
  type CountdownQuestionOptions,
  countdownProblems,
  countdownPrompt,
} from "./countdown-questions.ts";
import { createRandom, type Random } from "./random.ts";

export interface CountdownTraceOptions extends CountdownQuestionOptions {
  readonly seed?: number;
  /** Default `chat`. */
  readonly prompt?: Extract<CountdownPromptForm, "chat" | "template">;
  /** At most so many wrong tries before the right one; default 5. */
  readonly mostWrongTries?: number;
  /** The share of traces that give up after one wrong try and answer with it; default 0. */
  readonly givingUp?: number;
}

/** Rows of `prompt` + `completion` as supervised fine-tuning reads them, under the name that the run shows. */
export interface CountdownTraces {
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, JsonValue>>[];
}

/** Draws after which a problem counts as too hard for random search; every problem has a solution. */
const MOST_DRAWS = 5_000;

/**
 * `count` traces on training-side problems, every one ending in a right answer after 0 to `mostWrongTries` wrong ones that
 * are told as wrong, but for the share that gives up. The arithmetic is right throughout. Throws CountdownQuestionError for ranges that hold no problem.
 */
export function countdownTraces(count: number, options: CountdownTraceOptions = {}): CountdownTraces {
  const { seed = 1, prompt = "chat", mostWrongTries = 5, givingUp = 0 } = options;
  const random = createRandom("countdown-traces", seed);
  const rows: Record<string, JsonValue>[] = [];
  for (const problem of countdownProblems("train", seed, options)) {
    if (rows.length >= count) break;
    const givesUp = random.below(1_000) < 1_000 * givingUp;
    const wrongTries = givesUp ? 1 : random.below(mostWrongTries + 1);
    const completion = writeTrace(random, problem, wrongTries, givesUp);
    if (completion === null) continue;
    const asked = countdownPrompt(problem, prompt);
    if (typeof asked === "string") rows.push({ prompt: asked, completion: ` ${completion}` });
    else {
      const turns = asked.map(({ role, content }) => ({ role, content }));
      rows.push({ prompt: turns, completion: [{ role: "assistant", content: completion }] });
    }
  }
  return { name: `countdown-traces-${count}`, rows };
}

function writeTrace(
  random: Random,
  problem: CountdownProblem,
  wrongTries: number,
  givesUp: boolean,
): string | null {
  const { nums, target } = problem;
  const limit = Math.max(
    2 * target,
    nums.reduce((sum, value) => sum + value, 0),
  );
  const seen = new Set<string>();
  const wrong: Computation[] = [];
  let right: Computation | undefined;
  for (let draws = 0; right === undefined || wrong.length < wrongTries; draws++) {
    if (draws >= MOST_DRAWS) return null;
    const drawn = drawComputation(random, nums, limit);
    if (drawn.value === target) right ??= drawn;
    else if (wrong.length < wrongTries && !seen.has(drawn.expression)) wrong.push(drawn);
    seen.add(drawn.expression);
  }
  const told = givesUp ? wrong : [...wrong, right];
  const tries = told.map(({ steps, value }, index) => {
    const worked = steps
      .map((step) => `${step.left} ${step.operator} ${step.right} = ${step.result}`)
      .join(", ");
    const opening = index === 0 ? "Try" : "Wait, try";
    return `${opening} ${worked}. ${value === target ? `That is ${target}.` : `That is ${value}, not ${target}.`}`;
  });
  return `<think>\n${tries.join("\n")}\n</think>\n<answer> ${(told.at(-1) ?? right).expression} </answer>`;
}
