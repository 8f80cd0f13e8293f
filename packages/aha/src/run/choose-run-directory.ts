/** Where a run goes when nobody said: `runs/<name>`, or the next free `runs/<name>-2`, … once that one has finished. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runPaths } from "./run-directory.ts";

const numbered = (folder: string, name: string, number: number): string =>
  join(folder, number === 1 ? name : `${name}-${number}`);

/**
 * A new run takes the first directory whose run has not finished (an unfinished one is then refused by `startRun`, which
 * says how to go on); a resumed run the last that exists.
 */
export function chooseRunDirectory(folder: string, name: string, resume: boolean): string {
  let number = 1;
  if (resume) {
    while (existsSync(runPaths(numbered(folder, name, number + 1)).recipe)) number++;
  } else {
    while (existsSync(runPaths(numbered(folder, name, number)).summary)) number++;
  }
  return numbered(folder, name, number);
}
