/** Everything `@aha/verify` offers; pure TypeScript, usable without the rest of the project. */
export type { JsonValue, Outcome } from "./outcome.ts";
