/** What `runTests` and the keeper's process say to each other. */
import type { RunTestsOptions } from "../run-tests.ts";
import type { Program, ProgramTest, TestReport } from "../test-case.ts";

export interface KeeperRequest {
  readonly id: number;
  readonly program: Program;
  readonly tests: readonly ProgramTest[];
  readonly options: RunTestsOptions;
}

export type KeeperAnswer =
  | { readonly id: number; readonly report: TestReport }
  | { readonly id: number; readonly thrown: { readonly name: string; readonly message: string } };
