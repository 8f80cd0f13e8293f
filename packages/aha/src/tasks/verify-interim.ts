/** Stands in for what @aha/verify does not export yet; goes as soon as it does. */
export { verifyChoice } from "../../../verify/src/choice/verify-choice.ts";
export { describeSandbox, type SandboxDescription } from "../../../verify/src/code/describe-sandbox.ts";
export { runTests } from "../../../verify/src/code/run-tests.ts";
export type {
  Checker,
  InputOutputTest,
  Limits,
  Program,
  ProgramLanguage,
  ProgramTest,
  TestReport,
} from "../../../verify/src/code/test-case.ts";
export { ContaminationIndex } from "../../../verify/src/decontaminate/contamination-index.ts";
export { KnightsPuzzleError } from "../../../verify/src/logic/statements.ts";
export { solveKnightsPuzzle, verifyKnights } from "../../../verify/src/logic/verify-knights.ts";
export type { MathOptions } from "../../../verify/src/math/options.ts";
export { GoldError, parseGold } from "../../../verify/src/math/parse-gold.ts";
export { verifyMath } from "../../../verify/src/pool/verify-math.ts";
