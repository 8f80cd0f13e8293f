/** Starts the verifiers' thread from its TypeScript sources: a loader reaches no thread but the one that registered it. */
import { register } from "tsx/esm/api";

register();
await import("./verifier-thread-main.ts");
