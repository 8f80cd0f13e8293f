/** Separates `<think>…</think>` at the beginning of a completion from the answer behind it, as the text arrives. */

export const OPENING = "<think>";
export const CLOSING = "</think>";

/** Text that became certain. */
export interface SplitText {
  readonly reasoning: string;
  readonly text: string;
}

export interface ReasoningSplitter {
  /** `before`: no answer text and no tag yet; `inside` the reasoning; `after` it, or where there is none. */
  readonly state: "before" | "inside" | "after";
  push(piece: string): SplitText;
  end(): SplitText;
}

/**
 * A splitter for one completion. White space around the tags belongs to neither part: it is left out. `open`: the prompt ends
 * inside of the reasoning. A completion that does not begin with the tag has none.
 */
export function createReasoningSplitter(open: boolean): ReasoningSplitter {
  let state: ReasoningSplitter["state"] = open ? "inside" : "before";
  /** Received, and not given out yet. */
  let held = "";
  /** Whether the part that we are in has begun: white space in front of it is left out. */
  let begun = false;

  function begin(part: ReasoningSplitter["state"]): void {
    state = part;
    begun = false;
  }
  /** Decides where a completion that may begin with the tag goes; false while that cannot be told. */
  function decide(final: boolean): boolean {
    const start = held.trimStart();
    if (start.startsWith(OPENING)) {
      held = start.slice(OPENING.length);
      begin("inside");
      return true;
    }
    if (!final && OPENING.startsWith(start)) return false;
    // Without reasoning the text is left as it is.
    begin("after");
    begun = true;
    return true;
  }
  function takeReasoning(final: boolean): string {
    if (!begun) held = held.trimStart();
    const close = held.indexOf(CLOSING);
    if (close >= 0) {
      const reasoning = held.slice(0, close).trimEnd();
      held = held.slice(close + CLOSING.length);
      begin("after");
      return reasoning;
    }
    const certain = final ? held.trimEnd() : held.slice(0, held.length - unfinished(held, CLOSING)).trimEnd();
    held = final ? "" : held.slice(certain.length);
    begun ||= certain !== "";
    return certain;
  }
  function takeAnswer(): string {
    const text = begun ? held : held.trimStart();
    begun ||= text !== "";
    held = "";
    return text;
  }
  function take(final: boolean): SplitText {
    if (state === "before" && !decide(final)) return { reasoning: "", text: "" };
    const reasoning = state === "inside" ? takeReasoning(final) : "";
    return { reasoning, text: (state as string) === "after" ? takeAnswer() : "" };
  }
  return {
    get state() {
      return state;
    },
    push(piece) {
      held += piece;
      return take(false);
    },
    end: () => take(true),
  };
}

/** Length of the longest end of `text` with which `tag` begins. */
function unfinished(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (tag.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}

/** Whether a rendered prompt ends inside of the reasoning, as the templates of reasoning models let it. */
export const endsInReasoning = (prompt: string): boolean => prompt.trimEnd().endsWith(OPENING);
