/** Judges maths answers in killable worker processes: whatever the texts hold, a verdict comes within the deadline. */
import type { MathVerdict } from "../math/judge-math.ts";
import type { MathOptions } from "../math/options.ts";
import type { Outcome } from "../outcome.ts";
import type { JudgeMathTask } from "./judge-math-task.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { PoolAnswer, WorkerPoolOptions } from "./worker-pool-options.ts";

export interface VerifyMathOptions extends MathOptions {
  /** From the judging's start in a worker, milliseconds; past it the outcome is "timeout". Default 5,000. */
  readonly deadlineMilliseconds?: number;
}

/** `judgeMath`'s verdict, whose outcome may also be "timeout" (the deadline) or "error" (the worker died). */
export type VerifyMathVerdict = Omit<MathVerdict, "outcome"> & { readonly outcome: Outcome };

export interface MathPair {
  readonly prediction: string;
  readonly gold: string;
}

export interface MathVerifier {
  verify(prediction: string, gold: string, options?: VerifyMathOptions): Promise<VerifyMathVerdict>;
  /** Verdicts in the pairs' order; pairs are taken from the iterable only as workers get to them. */
  verifyAll(
    pairs: Iterable<MathPair>,
    options?: VerifyMathOptions,
    onVerdict?: (verdict: VerifyMathVerdict, index: number) => void,
  ): Promise<VerifyMathVerdict[]>;
  /** Process ids of the workers that run now. */
  readonly processIds: readonly number[];
  /** Ends the workers. Without it they end with the process, and never keep it alive while idle. */
  close(): Promise<void>;
}

/**
 * A verifier with workers of its own (see WorkerPool for the bounds and their defaults).
 * @throws nothing for what the texts hold: a prediction that breaks its worker is an "error" or a "timeout"
 */
export function makeMathVerifier(poolOptions: Partial<WorkerPoolOptions> = {}): MathVerifier {
  // The task module has this very file's extension: TypeScript from the sources, JavaScript once compiled.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const module = new URL(`./judge-math-task.${extension}`, import.meta.url);
  const pool = new WorkerPool<JudgeMathTask, VerifyMathVerdict>({ module, ...poolOptions });
  return {
    async verify(prediction, gold, { deadlineMilliseconds, ...options } = {}) {
      return readAnswer(await pool.run({ prediction, gold, options }, deadlineMilliseconds));
    },
    async verifyAll(pairs, { deadlineMilliseconds, ...options } = {}, onVerdict) {
      const answers = await pool.runAll(withOptions(pairs, options), {
        ...(deadlineMilliseconds === undefined ? {} : { deadlineMilliseconds }),
        onAnswer: (answer, index) => onVerdict?.(readAnswer(answer), index),
      });
      return answers.map(readAnswer);
    },
    get processIds() {
      return pool.processIds;
    },
    close: () => pool.close(),
  };
}

function* withOptions(pairs: Iterable<MathPair>, options: MathOptions): Generator<JudgeMathTask> {
  for (const { prediction, gold } of pairs) yield { prediction, gold, options };
}

function readAnswer(answer: PoolAnswer<VerifyMathVerdict>): VerifyMathVerdict {
  if (answer.status === "done") return answer.value;
  const nothing = { predicted: null, expected: null };
  return answer.status === "timeout"
    ? { ...nothing, outcome: "timeout", how: `not judged within ${answer.deadlineMilliseconds} ms` }
    : { ...nothing, outcome: "error", how: answer.reason };
}

let shared: MathVerifier | null = null;

/** The verifier behind `verifyMath`, with default bounds; made at its first use. */
export function sharedMathVerifier(): MathVerifier {
  shared ??= makeMathVerifier();
  return shared;
}

/**
 * Judges one prediction, free text or a bare answer, against the gold answer, in a warm worker process.
 * Resolves always: with "timeout" past the deadline, with "error" and its reason where the worker dies or the gold
 * does not parse.
 */
export function verifyMath(
  prediction: string,
  gold: string,
  options?: VerifyMathOptions,
): Promise<VerifyMathVerdict> {
  return sharedMathVerifier().verify(prediction, gold, options);
}

/** Judges many pairs; see MathVerifier.verifyAll. */
export function verifyMathAll(
  pairs: Iterable<MathPair>,
  options?: VerifyMathOptions,
): Promise<VerifyMathVerdict[]> {
  return sharedMathVerifier().verifyAll(pairs, options);
}
