/** The decoder for a model and its sampling options: plain, or self-speculative where that is asked for and possible. */
import { DeepseekV3 } from "../models/deepseek/deepseek-v3.ts";
import type { LanguageModel } from "../models/language-model.ts";
import {
  Decoder,
  type SampleRequest,
  type SamplingOptions,
  type SequenceDecoder,
  type TokenListener,
} from "./decoder.ts";
import { SpeculativeDecoder } from "./speculative-decoder.ts";

/** A model without a prediction module is decoded plainly, whatever is asked for: the distribution is the same. */
export function makeDecoder(
  model: LanguageModel,
  requests: readonly SampleRequest[],
  options: SamplingOptions,
  onToken?: TokenListener,
): SequenceDecoder {
  return options.speculative === true && model instanceof DeepseekV3 && model.predictsAhead
    ? new SpeculativeDecoder(model, requests, options, onToken)
    : new Decoder(model, requests, options, onToken);
}

/** The share of drafted tokens that were kept; null where nothing was drafted. */
export function draftAcceptance(decoder: SequenceDecoder): number | null {
  return decoder instanceof SpeculativeDecoder && decoder.drafted > 0
    ? decoder.accepted / decoder.drafted
    : null;
}
