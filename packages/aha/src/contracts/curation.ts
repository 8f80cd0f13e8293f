/** What a curation ends with, known to those who make it and those who show it. */

export interface DomainCount {
  readonly samples: number;
  readonly meanTokens: number; // of completions
}

/** `curation.json` beside the dataset. */
export interface CurationCounts {
  readonly questions: number;
  readonly samplesDrawn: number;
  /** Questions with at least one sample that was kept. */
  readonly questionsKept: number;
  readonly domains: Readonly<Record<string, DomainCount>>;
  readonly total: DomainCount;
  /** Samples and mixed-in rows left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}
