/** IFEval's checks of what a response contains: placeholders, a postscript, a fixed answer, an opening, an ending. */
import { isSpaceAt, strip, stripEnd, stripStart } from "../python-text.ts";
import type { CheckKind } from "./check-kind.ts";

const constrainedResponses = ["My answer is yes.", "My answer is no.", "My answer is maybe."];

/** At least so many `[…]`, each on one line; what is between the brackets does not matter, as published. */
export const numberOfPlaceholders: CheckKind = {
  names: ["num_placeholders"],
  make(given) {
    const wanted = given.count("num_placeholders");
    return (response) => {
      const count = countPlaceholders(response);
      return { followed: count >= wanted, found: `${count} placeholders, at least ${wanted} wanted` };
    };
  },
};

/** The marker occurs anywhere, case ignored; `P.S.` and `P.P.S` with a space after a period too, others literally. */
export const postscript: CheckKind = {
  names: ["postscript_marker"],
  make(given) {
    const marker = given.text("postscript_marker").trim();
    const parts = markerParts(marker);
    return (response) => {
      const followed = containsSpaced(response.toLowerCase(), parts);
      return { followed, found: followed ? `has ${marker}` : `no ${marker}` };
    };
  },
};

/** One of the three answers occurs, letter for letter. */
export const constrainedResponse: CheckKind = {
  names: [],
  make: () => (response) => {
    const answer = constrainedResponses.find((option) => response.includes(option));
    return { followed: answer !== undefined, found: answer ?? "none of the three answers" };
  },
};

/** The response begins with the request, case ignored. */
export const repeatPrompt: CheckKind = {
  names: ["prompt_to_repeat"],
  make(given) {
    const request = strip(given.longText("prompt_to_repeat")).toLowerCase();
    return (response) => {
      const followed = strip(response).toLowerCase().startsWith(request);
      return { followed, found: followed ? "begins with the request" : "does not begin with the request" };
    };
  },
};

/** The response ends with the phrase, case and closing `"` ignored. */
export const endChecker: CheckKind = {
  names: ["end_phrase"],
  make(given) {
    const phrase = strip(given.text("end_phrase")).toLowerCase();
    return (response) => {
      const followed = stripEnd(stripStart(strip(response), '"'), '"')
        .toLowerCase()
        .endsWith(phrase);
      return { followed, found: followed ? "ends with the phrase" : "does not end with the phrase" };
    };
  },
};

export const noComma: CheckKind = {
  names: [],
  make: () => (response) => {
    const index = response.indexOf(",");
    return { followed: index < 0, found: index < 0 ? "no comma" : `a comma at ${index}` };
  },
};

/** The whole response stands between two `"`. */
export const quotation: CheckKind = {
  names: [],
  make: () => (response) => {
    const text = strip(response);
    const followed = text.length > 1 && text.startsWith('"') && text.endsWith('"');
    return { followed, found: followed ? 'wrapped in "' : 'not wrapped in "' };
  },
};

function countPlaceholders(text: string): number {
  let count = 0;
  let isOpen = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\n") isOpen = false;
    else if (character === "[") isOpen = true;
    else if (character === "]" && isOpen) {
      count++;
      isOpen = false;
    }
  }
  return count;
}

/** The published patterns `p\.\s?p\.\s?s` and `p\.\s?s\.`, as parts between which one white space may stand. */
function markerParts(marker: string): readonly string[] {
  if (marker === "P.P.S") return ["p.", "p.", "s"];
  if (marker === "P.S.") return ["p.", "s."];
  return [marker.toLowerCase()];
}

function containsSpaced(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? "";
  for (let index = text.indexOf(first); index >= 0; index = text.indexOf(first, index + 1)) {
    let end = index + first.length;
    const isWhole = parts.slice(1).every((part) => {
      if (!text.startsWith(part, end) && isSpaceAt(text, end)) end++;
      if (!text.startsWith(part, end)) return false;
      end += part.length;
      return true;
    });
    if (isWhole) return true;
  }
  return false;
}
