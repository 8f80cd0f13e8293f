/** The verifiers that work asynchronously, by the names under which their thread offers them. */
import { runTests, verifyMath } from "@aha/verify";

export const verifierCalls = { verifyMath, runTests };
export type VerifierCalls = typeof verifierCalls;
