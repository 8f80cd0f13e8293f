/** The 25 instructions of IFEval (Zhou et al. 2023, "Instruction-Following Evaluation for Large Language Models"), by id. */
import type { CheckKind } from "./checks/check-kind.ts";
import {
  constrainedResponse,
  endChecker,
  noComma,
  numberOfPlaceholders,
  postscript,
  quotation,
  repeatPrompt,
} from "./checks/content.ts";
import {
  jsonFormat,
  multipleSections,
  numberOfBullets,
  numberOfHighlights,
  title,
  twoResponses,
} from "./checks/format.ts";
import { existence, forbiddenWords, frequency, letterFrequency } from "./checks/keywords.ts";
import {
  nthParagraphFirstWord,
  numberOfParagraphs,
  numberOfSentences,
  numberOfWords,
} from "./checks/length.ts";
import {
  capitalWordFrequency,
  englishCapital,
  englishLowercase,
  responseLanguage,
} from "./checks/letter-case.ts";
import { type Check, type Instruction, InstructionError, type InstructionOptions } from "./instruction.ts";
import { readArguments } from "./instruction-arguments.ts";

const checkKinds: ReadonlyMap<string, CheckKind> = new Map([
  ["keywords:existence", existence],
  ["keywords:frequency", frequency],
  ["keywords:forbidden_words", forbiddenWords],
  ["keywords:letter_frequency", letterFrequency],
  ["language:response_language", responseLanguage],
  ["length_constraints:number_sentences", numberOfSentences],
  ["length_constraints:number_paragraphs", numberOfParagraphs],
  ["length_constraints:number_words", numberOfWords],
  ["length_constraints:nth_paragraph_first_word", nthParagraphFirstWord],
  ["detectable_content:number_placeholders", numberOfPlaceholders],
  ["detectable_content:postscript", postscript],
  ["detectable_format:number_bullet_lists", numberOfBullets],
  ["detectable_format:constrained_response", constrainedResponse],
  ["detectable_format:number_highlighted_sections", numberOfHighlights],
  ["detectable_format:multiple_sections", multipleSections],
  ["detectable_format:json_format", jsonFormat],
  ["detectable_format:title", title],
  ["combination:two_responses", twoResponses],
  ["combination:repeat_prompt", repeatPrompt],
  ["startend:end_checker", endChecker],
  ["startend:quotation", quotation],
  ["change_case:capital_word_frequency", capitalWordFrequency],
  ["change_case:english_capital", englishCapital],
  ["change_case:english_lowercase", englishLowercase],
  ["punctuation:no_comma", noComma],
]);

/** The ids that can be checked, without a language prefix. */
export const instructionIds: readonly string[] = [...checkKinds.keys()];

/** The id without M-IFEval's `en:`. */
export function plainId(id: string): string {
  return id.startsWith("en:") ? id.slice(3) : id;
}

/** Throws InstructionError for an unknown id, and for arguments that are missing or cannot be meant. */
export function makeCheck(instruction: Instruction, options: InstructionOptions): Check {
  const kind = checkKinds.get(plainId(instruction.id));
  if (kind === undefined) {
    throw new InstructionError(
      `Unknown instruction "${instruction.id}"; IFEval's English ones are: ${instructionIds.join(", ")}.`,
    );
  }
  return kind.make(readArguments(instruction, kind.names), options);
}
