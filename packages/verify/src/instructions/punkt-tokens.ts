/** Cuts a line into Punkt's tokens: words keep their periods, other punctuation stands alone. */
import { isSpaceAt } from "./python-text.ts";

/** Characters that end a word wherever they stand. */
export const nonWordCharacters: ReadonlySet<string> = new Set(")\";}]*:@'({[!?");
/** Characters that begin no word. */
const notWordStart: ReadonlySet<string> = new Set('("`{[:;&#*@)}]-,');

/** The tokens of one line (no line feed in it), left to right; linear in its length. */
export function punktTokens(line: string): string[] {
  const tokens: string[] = [];
  let index = 0;
  while (index < line.length) {
    if (isSpaceAt(line, index)) {
      index++;
      continue;
    }
    const end = tokenEnd(line, index);
    tokens.push(line.slice(index, end));
    index = end;
  }
  return tokens;
}

function tokenEnd(line: string, start: number): number {
  if (beginsMultiCharacter(line, start)) return multiCharacterEnd(line, start);
  if (notWordStart.has(line.charAt(start))) return start + 1;
  let end = start + 1;
  while (end < line.length && !endsWord(line, end)) end++;
  return end;
}

function endsWord(line: string, index: number): boolean {
  if (breaksWord(line, index)) return true;
  return line[index] === "," && (index + 1 >= line.length || breaksWord(line, index + 1));
}

function breaksWord(line: string, index: number): boolean {
  return (
    isSpaceAt(line, index) || nonWordCharacters.has(line.charAt(index)) || beginsMultiCharacter(line, index)
  );
}

/** Whether `--`, `..` or `. . .` begins here. */
function beginsMultiCharacter(line: string, index: number): boolean {
  const first = line[index];
  if (first === "-") return line[index + 1] === "-";
  if (first !== ".") return false;
  if (line[index + 1] === ".") return true;
  return (
    isSpaceAt(line, index + 1) &&
    line[index + 2] === "." &&
    isSpaceAt(line, index + 3) &&
    line[index + 4] === "."
  );
}

function multiCharacterEnd(line: string, start: number): number {
  const first = line[start];
  let end = start + 1;
  if (line[end] === first) {
    while (line[end] === first) end++;
    return end;
  }
  while (isSpaceAt(line, end) && line[end + 1] === ".") end += 2;
  return end;
}
