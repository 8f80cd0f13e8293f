/** How a verifier's look at one prediction ended; every verifier of this package speaks these words. */

/** Only `correct` earns a reward; the others are counted apart, so that no failure hides as a wrong answer. */
export type Outcome = "correct" | "wrong" | "unparsed" | "timeout" | "error";

/** A JSON value, as dataset columns hold them. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
