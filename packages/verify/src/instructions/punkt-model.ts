/** Reads what Punkt learnt of English: abbreviations, collocations, sentence starters and how words are capitalised. */
import { readFileSync } from "node:fs";

/** Orthographic contexts are kept only as far as the three questions that Punkt's decisions ask of them. */
export interface PunktModel {
  /** Lower-case abbreviations without their last period. */
  readonly abbreviations: ReadonlySet<string>;
  /** Pairs `first second` of word types; a period between them ends no sentence. */
  readonly collocations: ReadonlySet<string>;
  /** Word types that often begin sentences. */
  readonly sentenceStarters: ReadonlySet<string>;
  /** Word types seen in lower case. */
  readonly seenLowerCase: ReadonlySet<string>;
  /** Those of them also seen capitalised inside a sentence. */
  readonly seenCapitalisedInside: ReadonlySet<string>;
  /** Those of them seen in lower case at the start of a sentence, and never capitalised. */
  readonly beginsLowerCaseOnly: ReadonlySet<string>;
}

let english: PunktModel | undefined;

/**
 * The English model of NLTK's `punkt_tab` (Kiss & Strunk 2006, "Unsupervised Multilingual Sentence Boundary
 * Detection", trained on the Wall Street Journal), reduced without loss to what a decision can depend on: a word
 * type never seen in lower case decides as an unknown one does. Made by `scripts/freeze-ifeval.sh`.
 */
export function englishPunkt(): PunktModel {
  english ??= parseModel(readFileSync(new URL("./punkt-english.txt", import.meta.url), "utf8"));
  return english;
}

/** Sections are `[name]` lines followed by words; `_` stands for a space inside an entry. */
function parseModel(source: string): PunktModel {
  const sections = new Map<string, Set<string>>();
  let current = new Set<string>();
  for (const line of source.split("\n")) {
    if (line.startsWith("[")) {
      current = new Set();
      sections.set(line.slice(1, -1), current);
    } else {
      for (const entry of line.split(" ")) if (entry !== "") current.add(entry.replaceAll("_", " "));
    }
  }
  const section = (name: string): Set<string> => {
    const found = sections.get(name);
    if (found === undefined) {
      throw new Error(
        `punkt-english.txt: expected a section [${name}]; make the file again with freeze-ifeval.sh`,
      );
    }
    return found;
  };
  const capitalisedInside = section("lower-case-and-capitalised-inside");
  const lowerCaseOnly = section("begins-lower-case-only");
  return {
    abbreviations: section("abbreviations"),
    collocations: section("collocations"),
    sentenceStarters: section("sentence-starters"),
    seenLowerCase: new Set([...section("lower-case"), ...capitalisedInside, ...lowerCaseOnly]),
    seenCapitalisedInside: capitalisedInside,
    beginsLowerCaseOnly: lowerCaseOnly,
  };
}
