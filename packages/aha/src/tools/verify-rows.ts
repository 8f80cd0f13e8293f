/** The work of `aha verify`: predictions judged against golds by the maths verifier. */
import type { JudgedRow, VerifyRequest } from "../contracts/work.ts";
import { GoldError, parseGold, verifyMath } from "../tasks/verify-interim.ts";
import { judgeRows, RowError, type Verdict } from "./judge-rows.ts";

/** Verdicts sought at once; workers judge them in parallel. */
const CONCURRENCY = 64;

/** One pair. Throws GoldError for a gold that does not parse: no prediction can be equal to it. */
export async function verifyPair(gold: string, prediction: string, request: VerifyRequest): Promise<Verdict> {
  parseGold(gold, request);
  const { outcome, predicted, expected, how } = await verifyMath(prediction, gold, request);
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
    judge: async (row) => {
      try {
        return await verifyPair(textOf(row.gold, "gold"), textOf(row.prediction, "prediction"), request);
      } catch (error) {
        if (error instanceof GoldError) throw new RowError(error.message);
        throw error;
      }
    },
  });
}

function textOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  const came = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
  throw new RowError(`expected "${name}" to be text or a number, got ${came}`);
}
