/** The work of `aha verify`: predictions judged against golds by the maths verifier. */

import { verifyMath } from "@aha/verify";
import type { JudgedRow, VerifyRequest } from "../contracts/work.ts";
import { judgeRows, RowError, type Verdict } from "./judge-rows.ts";

/** Verdicts sought at once; workers judge them in parallel. */
const CONCURRENCY = 64;

/**
 * One pair. Throws RowError where there is no verdict: a gold that does not parse (no prediction could be equal to it), or
 * a worker that died.
 */
export async function verifyPair(gold: string, prediction: string, request: VerifyRequest): Promise<Verdict> {
  const { outcome, predicted, expected, how } = await verifyMath(prediction, gold, request);
  if (outcome === "error") throw new RowError(how);
  return { outcome, predicted, expected, how };
}

/** Rows `{"gold", "prediction"}`, numbers allowed; other columns are kept. */
export function verifyRows(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
  request: VerifyRequest,
): AsyncIterable<JudgedRow> {
  return judgeRows(chunks, {
    source,
    concurrency: CONCURRENCY,
    judge: (row) => verifyPair(textOf(row.gold, "gold"), textOf(row.prediction, "prediction"), request),
  });
}

function textOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  const came = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
  throw new RowError(`expected "${name}" to be text or a number, got ${came}`);
}
