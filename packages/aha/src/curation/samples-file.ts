/** The samples of a curation as they were drawn and judged: one line a question, so that a killed run goes on after it. */
import { existsSync, truncateSync } from "node:fs";
import { z } from "zod";
import { readJsonLines } from "../run/json-lines.ts";

const outcome = z.enum(["correct", "wrong", "unparsed", "timeout", "error"]);

const sample = z.object({
  text: z.string(),
  finish: z.enum(["stop", "length"]),
  /** Null where the verifier does not apply. */
  value: z.number().nullable(),
  outcome: outcome.nullable(),
});

const line = z.object({ question: z.string(), samples: z.array(sample) });

export type JudgedSample = z.output<typeof sample>;
/** A question's samples, by the question's id. */
export type QuestionSamples = z.output<typeof line>;

/** What is there, question by question; a torn last line is cut off. Throws JsonLineError for a damaged file. */
export function readSamples(path: string): QuestionSamples[] {
  if (!existsSync(path)) return [];
  const found: QuestionSamples[] = [];
  let end = 0;
  for (const { value, end: after } of readJsonLines(path)) {
    found.push(line.parse(value));
    end = after;
  }
  truncateSync(path, end);
  return found;
}
