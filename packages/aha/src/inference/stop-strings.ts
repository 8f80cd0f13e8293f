/** Finds stop texts in text that arrives in pieces, and holds back what might become one. */

export interface StopFilter {
  /** The text that can be given out; `stopped` once a stop text has appeared, which is left out. */
  push(piece: string): { readonly text: string; readonly stopped: boolean };
  /** What was held back. */
  end(): string;
}

/** A filter for one completion. Of several stop texts the one that begins first counts. */
export function createStopFilter(stops: readonly string[]): StopFilter {
  const wanted = stops.filter((stop) => stop !== "");
  const longest = Math.max(0, ...wanted.map((stop) => stop.length));
  let held = "";
  return {
    push(piece) {
      held += piece;
      const found = wanted.map((stop) => held.indexOf(stop)).filter((place) => place >= 0);
      if (found.length > 0) {
        const text = held.slice(0, Math.min(...found));
        held = "";
        return { text, stopped: true };
      }
      const keep = heldBack(held, wanted, longest);
      const text = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return { text, stopped: false };
    },
    end() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}

/** Length of the longest end of `text` with which a stop text begins. */
function heldBack(text: string, stops: readonly string[], longest: number): number {
  for (let length = Math.min(longest - 1, text.length); length > 0; length--) {
    const end = text.slice(text.length - length);
    if (stops.some((stop) => stop.startsWith(end))) return length;
  }
  return 0;
}
