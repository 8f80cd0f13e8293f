/** Scores the responses of a dataset by a reward model, row by row in order. */
import type { ScoredResponses, ScoreResponsesRequest } from "../contracts/work.ts";
import type { DataRow } from "../data/data-row.ts";
import { readExample, recogniseKind } from "../data/examples.ts";
import { localCopy } from "../data/hub-dataset.ts";
import { preferenceRow } from "../data/preference-forms.ts";
import { readRows } from "../data/read-rows.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import { openTokenizer } from "../models/load-model.ts";
import { openTrainedScalarModel } from "../models/open-scalar-model.ts";
import { type Exchange, exchangeOf, exchangesOf, scoredSequence } from "../training/reward-example.ts";
import type { ScoredPart } from "../training/reward-text.ts";
import { scoreFamilies } from "../training/score-examples.ts";

const ROWS_AT_ONCE = 64;
const TOKENS_PER_MICRO_BATCH = 8192;

/** One result a row. Throws DataError for rows of another form, ModelFolderError where there is no reward model. */
export async function* scoreResponses(request: ScoreResponsesRequest): AsyncGenerator<ScoredResponses> {
  const { model: folder, data, split, part, dtype, device } = request;
  const { model } = openTrainedScalarModel(folder, { dtype, device });
  try {
    const tokenizer = openTokenizer(folder, model.config);
    const score = (rows: readonly ReadRow[]): readonly (readonly number[])[] =>
      scoreFamilies(
        model,
        rows.map(({ tokens }) => tokens.filter((ids) => ids !== null)),
        TOKENS_PER_MICRO_BATCH,
      );
    let waiting: ReadRow[] = [];
    for await (const row of readRows(await localCopy(data), split === undefined ? {} : { split })) {
      waiting.push(readRow(row, tokenizer, part));
      if (waiting.length < ROWS_AT_ONCE) continue;
      yield* named(waiting, score(waiting));
      waiting = [];
    }
    yield* named(waiting, score(waiting));
  } finally {
    model.dispose();
  }
}

/** A row's responses as token ids; null for one without a summary where that is wanted. */
interface ReadRow {
  readonly names: readonly ("score" | "chosen" | "rejected")[];
  readonly tokens: readonly (readonly number[] | null)[];
}

function readRow(row: DataRow, tokenizer: Tokenizer, part: ScoredPart): ReadRow {
  const known = preferenceRow(row);
  const tokensOf = (exchange: Exchange): readonly number[] | null =>
    scoredSequence(tokenizer, exchange, part)?.tokenIds ?? null;
  if (recogniseKind(known) === "preference") {
    return {
      names: ["chosen", "rejected"],
      tokens: exchangesOf(readExample(known, "preference")).map(tokensOf),
    };
  }
  const { prompt, completion } = readExample(known, "supervised");
  return { names: ["score"], tokens: [tokensOf(exchangeOf(prompt, completion))] };
}

function* named(
  rows: readonly ReadRow[],
  scores: readonly (readonly number[])[],
): Generator<ScoredResponses> {
  for (const [index, { names, tokens }] of rows.entries()) {
    const found = [...(scores[index] ?? [])];
    yield Object.fromEntries(
      names.map((name, at) => [name, tokens[at] === null ? null : (found.shift() ?? null)]),
    );
  }
}
