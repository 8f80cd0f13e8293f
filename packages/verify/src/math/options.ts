/** What a caller may choose about extracting and comparing answers, and the defaults. */

/** Where an answer may be found in free text; see extract-answer.ts for what each rule accepts. */
export type ExtractionRule =
  | "answer-tag"
  | "boxed"
  | "hashes"
  | "stated"
  | "whole"
  | "last-formula"
  | "last-number";

export interface MathOptions {
  /** The rules tried in order; the first that finds something decides. */
  readonly rules?: readonly ExtractionRule[];
  /**
   * Whether the gold is a full solution to extract from ("solution"), a bare answer ("answer"), or a
   * solution exactly when it holds `\boxed{` or `####` ("auto", the default).
   */
  readonly gold?: "answer" | "solution" | "auto";
  /**
   * "ignored" (default): a unit, currency, percent or degree sign that only one side has does not matter; two
   * known units must still agree (5 cm is 50 mm and never 5 m). "kept": both sides must have the same quantity.
   */
  readonly units?: "ignored" | "kept";
  /** Numbers agree when they do after rounding both to this many significant digits. Default: exact. */
  readonly significantDigits?: number | null;
  /** Numbers agree within this share of the gold's magnitude. Default 0: exact. */
  readonly relativeTolerance?: number;
  /** Whether the order of a bare list (`1, 2`) matters. Tuples and vectors are always ordered. */
  readonly listOrder?: "free" | "kept";
  /**
   * Several final answers that disagree: "reject" (default) gives none credit, so that naming many answers never
   * pays; "last" takes the last one.
   */
  readonly conflictingAnswers?: "reject" | "last";
  /** The question: its text, repeated in the prediction, is not searched for an answer. */
  readonly question?: string | null;
}

export type ResolvedMathOptions = Required<MathOptions>;

export const DEFAULT_RULES: readonly ExtractionRule[] = [
  "answer-tag",
  "boxed",
  "hashes",
  "stated",
  "whole",
  "last-formula",
  "last-number",
];

export const DEFAULT_OPTIONS: ResolvedMathOptions = {
  rules: DEFAULT_RULES,
  gold: "auto",
  units: "ignored",
  significantDigits: null,
  relativeTolerance: 0,
  listOrder: "free",
  conflictingAnswers: "reject",
  question: null,
};

export const resolveOptions = (options: MathOptions = {}): ResolvedMathOptions => ({
  ...DEFAULT_OPTIONS,
  ...options,
});
