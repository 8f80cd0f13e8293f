/** Levels of questions from a file, for runs whose rollouts do not have them. */
import { readJsonLines } from "../run/json-lines.ts";

/** A file of levels that says none. */
export class LevelsError extends Error {
  override readonly name = "LevelsError";
}

/** Rows `{question, level}` (or `{id, level}`); the level may be text or a number. */
export function readLevels(path: string): Map<string, string> {
  const levels = new Map<string, string>();
  for (const { value } of readJsonLines(path)) {
    if (typeof value !== "object" || value === null) continue;
    const field = (key: string): unknown => Reflect.get(value, key);
    const question = field("question") ?? field("id");
    const level = field("level");
    if (typeof question !== "string" || (typeof level !== "string" && typeof level !== "number")) continue;
    levels.set(question, String(level));
  }
  if (levels.size === 0) {
    throw new LevelsError(`${path}: expected JSON lines {"question": "…", "level": …}, found none`);
  }
  return levels;
}
