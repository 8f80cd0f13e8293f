/** What an answer can be once read: a value, or values arranged in a list, a set, an interval, a matrix… */

import type { Expression } from "./expression.ts";
import type { Unit } from "./units.ts";

export type Relation = "=" | "<" | "<=" | ">" | ">=" | "!=" | "in" | "~";

export type Answer =
  | { readonly kind: "value"; readonly expression: Expression; readonly unit: Unit | null }
  /** Words, lower-case and without articles; `letter` for one bare letter, which may be a choice or a variable. */
  | { readonly kind: "text"; readonly words: string; readonly letter: boolean }
  /** Items between brackets; `open` is "" for a bare list. Two items in `(…)` may be a pair or an interval. */
  | {
      readonly kind: "collection";
      readonly open: string;
      readonly close: string;
      readonly items: readonly Answer[];
    }
  | { readonly kind: "matrix"; readonly rows: readonly (readonly Answer[])[] }
  | { readonly kind: "union"; readonly parts: readonly Answer[] }
  | { readonly kind: "difference"; readonly from: Answer; readonly removed: Answer }
  /** `a < b ≤ c`: one more term than operators. `label` is true where the first term only names what follows. */
  | {
      readonly kind: "relation";
      readonly operators: readonly Relation[];
      readonly terms: readonly Answer[];
      readonly label: string | null;
    }
  /** Conditions joined by "and" or by "or". */
  | { readonly kind: "conditions"; readonly joined: "and" | "or"; readonly parts: readonly Answer[] }
  | { readonly kind: "ratio"; readonly parts: readonly Answer[] }
  | { readonly kind: "based"; readonly digits: string; readonly base: number }
  /** Seconds since midnight on a 12- or 24-hour clock. */
  | { readonly kind: "time"; readonly seconds: number; readonly meridiem: "am" | "pm" | null }
  | { readonly kind: "date"; readonly month: number; readonly day: number; readonly year: number | null };
