/** What an evaluation keeps of each completion: one JSON line with the whole transcript and every verdict. */
import { z } from "zod";
import type { Judgement, Message, Outcome } from "../tasks/task.ts";

/** One turn of a sample: what was asked, and what came. */
export interface Turn {
  readonly prompt: string | readonly Message[];
  readonly completion: string;
  readonly finish: "stop" | "length";
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
}

export interface SampleRecord {
  /** A digest of all that the record depends on: a record under another key is of another evaluation. */
  readonly key: string;
  readonly question: string;
  readonly sample: number; // 0 … k − 1
  /** At least one; several where the benchmark converses. */
  readonly turns: readonly Turn[];
  /** What was judged: the last turn's completion, or what the conversation came to. */
  readonly completion: string;
  readonly judgements: Readonly<Record<string, Judgement>>;
  /** Why there is no verdict; then nothing is scored, and the next run tries again. */
  readonly failure: string | null;
  /** From asking to the verdict. */
  readonly seconds: number;
}

const outcomes = ["correct", "wrong", "unparsed", "timeout", "error"] as const satisfies readonly Outcome[];

const turn = z.object({
  prompt: z.union([
    z.string(),
    z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })),
  ]),
  completion: z.string(),
  finish: z.enum(["stop", "length"]),
  promptTokens: z.number().nullable(),
  completionTokens: z.number().nullable(),
  reasoningTokens: z.number().nullable(),
});

const judgement = z.object({
  value: z.number().nullable(),
  outcome: z.enum(outcomes).exactOptional(),
  detail: z.string().exactOptional(),
  answer: z.string().exactOptional(),
  findings: z.json().exactOptional(),
});

/** For reading records back. */
export const sampleRecord = z.object({
  key: z.string(),
  question: z.string(),
  sample: z.int().min(0),
  turns: z.array(turn).min(1),
  completion: z.string(),
  judgements: z.record(z.string(), judgement),
  failure: z.string().nullable(),
  seconds: z.number(),
});

/** Whether any turn was cut off by the token limit. */
export const isTruncated = ({ turns }: Pick<SampleRecord, "turns">): boolean =>
  turns.some(({ finish }) => finish === "length");

/** Tokens of all turns; null where the server does not tell. */
export function tokensOf(
  { turns }: Pick<SampleRecord, "turns">,
  field: "completionTokens" | "reasoningTokens",
): number | null {
  const counts = turns.map((each) => each[field]).filter((count) => count !== null);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}
