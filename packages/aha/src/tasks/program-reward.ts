/** The accuracy reward of programming tasks: the program passes every test, in a sandbox. */

import type { ProgramLanguage, ProgramTest } from "@aha/verify";
import { z } from "zod";
import { answerPart } from "./answer-part.ts";
import { extractProgram } from "./extract-program.ts";
import { VERIFIER_DEADLINE_SECONDS } from "./math-reward.ts";
import { formatOf, type PromptOptions } from "./prompt-forms.ts";
import type { Columns, Judgement, Reward } from "./task.ts";
import { verifiers } from "./verifier-thread.ts";

/** Limits of a test run; spread into the schema of every programming task. */
export const limitOptions = {
  wallSeconds: z.number().positive().optional().describe("Wall clock a test may take."),
  memoryMegabytes: z.int().positive().optional().describe("Memory a test may take, MiB."),
};

export interface LimitOptions {
  readonly wallSeconds?: number | undefined;
  readonly memoryMegabytes?: number | undefined;
}

export interface ProgramRewardDefinition {
  readonly options: PromptOptions & LimitOptions;
  readonly language: (columns: Columns) => ProgramLanguage;
  readonly tests: (columns: Columns) => readonly ProgramTest[];
  /** Makes the whole program of what the completion gave; default: that itself. */
  readonly complete?: (columns: Columns, code: string) => string;
  /** Functions of the program's that the test code calls, whatever else has their names. */
  readonly entryPoints?: (columns: Columns) => readonly string[];
  /** True where a completion continues the prompt instead of answering in a code block. */
  readonly continues?: boolean;
}

/** 1 for a program that passes all tests, else 0 (R1 paper, §2: feedback by predefined test cases). */
export function programReward(definition: ProgramRewardDefinition): Reward {
  const { options, language, tests, complete = (_, code) => code } = definition;
  return {
    name: "accuracy",
    weight: 1,
    deadlineSeconds: VERIFIER_DEADLINE_SECONDS,
    judge: async ({ question: { columns }, completion }) => {
      const code =
        definition.continues === true ? completion : programIn(completion, language(columns), options);
      if (code === null)
        return { value: 0, outcome: "unparsed", detail: "no closed code block in the answer" };
      const program = { language: language(columns), source: complete(columns, code) };
      const { wallSeconds, memoryMegabytes } = options;
      const report = await verifiers.call("runTests", program, tests(columns), {
        stopAtFirstFailure: true,
        ...(definition.entryPoints === undefined ? {} : { entryPoints: definition.entryPoints(columns) }),
        ...(wallSeconds === undefined ? {} : { wallSeconds }),
        ...(memoryMegabytes === undefined ? {} : { memoryMegabytes }),
      });
      const failed = report.tests.find(({ status }) => status !== "passed");
      const detail = `${report.passed} of ${report.total} tests passed${failed === undefined ? "" : `; ${failed.status}: ${failed.detail ?? ""}`}`;
      return {
        value: report.outcome === "correct" ? 1 : 0,
        outcome: report.outcome,
        detail,
      } satisfies Judgement;
    },
  };
}

/** Within `<answer>`, bare code counts as well: the tags delimit it. */
function programIn(completion: string, language: ProgramLanguage, options: PromptOptions): string | null {
  const answer = answerPart(completion, options);
  if (answer === null) return null;
  const program = extractProgram(answer, language);
  return program === null && formatOf(options) === "think-answer" && !answer.includes("```")
    ? answer
    : program;
}
