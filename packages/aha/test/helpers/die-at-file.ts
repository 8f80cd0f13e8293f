/** Preloaded into a process that is to die in the middle of a change to its files: see `file-faults.ts`. */
import { installFileFault } from "./file-faults.ts";

const { folder, pattern, count } = JSON.parse(process.env.AHA_TEST_DIE ?? "{}") as {
  readonly folder: string;
  readonly pattern: string;
  readonly count: number;
};
installFileFault({ folder, pattern: new RegExp(pattern), count, kind: "kill" });
