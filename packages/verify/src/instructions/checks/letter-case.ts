/** IFEval's checks of capitals and of the language of a response. */

import { type Check, InstructionError, type InstructionOptions } from "../instruction.ts";
import { compareCount } from "../instruction-arguments.ts";
import { isLowerCase, isUpperCase } from "../python-text.ts";
import { countCapitalWords } from "../treebank-words.ts";
import type { CheckKind } from "./check-kind.ts";

/** How many words are in capitals throughout. */
export const capitalWordFrequency: CheckKind = {
  names: ["capital_frequency", "capital_relation"],
  make(given) {
    const wanted = given.count("capital_frequency");
    const relation = given.relation("capital_relation");
    return (response) => compareCount(countCapitalWords(response), relation, wanted, "words in capitals");
  },
};

export const englishCapital: CheckKind = {
  names: [],
  make(_given, options) {
    const isEnglish = languageCheck("en", options);
    return (response) =>
      isUpperCase(response) ? isEnglish(response) : { followed: false, found: "not all in capitals" };
  },
};

export const englishLowercase: CheckKind = {
  names: [],
  make(_given, options) {
    const isEnglish = languageCheck("en", options);
    return (response) =>
      isLowerCase(response) ? isEnglish(response) : { followed: false, found: "not all in small letters" };
  },
};

export const responseLanguage: CheckKind = {
  names: ["language"],
  make: (given, options) => languageCheck(given.text("language"), options),
};

function languageCheck(language: string, options: InstructionOptions): Check {
  const { detectLanguage, undetectedLanguage = "followed" } = options;
  if (detectLanguage === undefined) {
    throw new InstructionError(
      "An instruction about the language of a response needs the option detectLanguage: a function from a text " +
        "to its ISO 639-1 code.",
    );
  }
  const wanted = primary(language);
  return (response) => {
    const detected = detectLanguage(response);
    return {
      followed: detected === undefined ? undetectedLanguage === "followed" : primary(detected) === wanted,
      found: `language ${detected ?? "not told"}, ${language} wanted`,
    };
  };
}

/** `zh-cn` as `zh`: identifiers differ in what they say of script and region. */
function primary(code: string): string {
  return code.toLowerCase().split(/[-_]/)[0] ?? "";
}
