/** Splits an arithmetic expression, as people and models write them, into plain tokens. */

export type ArithmeticToken =
  | { readonly kind: "number"; readonly value: bigint }
  | { readonly kind: "operator"; readonly operator: "+" | "-" | "*" | "/" }
  | { readonly kind: "open" | "close" | "equals" };

/** Text that is no arithmetic expression; the message is one line for a human. Never leaves the verifier. */
export class ArithmeticSyntaxError extends Error {
  override readonly name = "ArithmeticSyntaxError";
}

/** More digits than this in one number are refused: no Countdown number comes near. */
const mostDigits = 20;

const operatorSigns: Readonly<Record<string, "+" | "-" | "*" | "/">> = {
  ...signs("+", "+＋﹢"),
  ...signs("-", "-−‐‑‒–—﹣－➖"),
  // There are no variables here, so x between two operands can only mean times.
  ...signs("*", "*×·⋅∙•∗＊✕✖⨯xX"),
  ...signs("/", "/÷:∶⁄∕／➗："),
};
const openBrackets = "([{（［｛";
const closeBrackets = ")]}）］｝";

const commands: Readonly<Record<string, "+" | "-" | "*" | "/" | "">> = {
  times: "*",
  cdot: "*",
  ast: "*",
  div: "/",
  left: "",
  right: "",
  big: "",
  Big: "",
  bigl: "",
  bigr: "",
  quad: "",
};
const fractionCommands: ReadonlySet<string> = new Set(["frac", "dfrac", "tfrac", "cfrac"]);

/** What an open bracket closes as; a fraction has two brackets after each other, and one around both. */
type Bracket = "round" | "square" | "curly" | "numerator" | "denominator";

/**
 * Tokens of `text`; \frac{a}{b} comes out as ((a)/(b)). Brackets are checked to match; each bracket kind
 * comes out as a plain one. Runs in linear time without recursion. Throws ArithmeticSyntaxError.
 */
export function readArithmetic(text: string): ArithmeticToken[] {
  const tokens: ArithmeticToken[] = [];
  const brackets: Bracket[] = [];
  let fractionAwaits: "numerator" | "denominator" | null = null;
  const characters = [...text];

  for (let index = 0; index < characters.length; ) {
    const character = characters[index] as string;
    if (/\s/u.test(character)) {
      index++;
      continue;
    }
    if (fractionAwaits !== null) {
      if (character !== "{") throw new ArithmeticSyntaxError(`expected { for a fraction's ${fractionAwaits}`);
      brackets.push(fractionAwaits);
      tokens.push({ kind: "open" });
      fractionAwaits = null;
      index++;
      continue;
    }
    if (character === "\\") {
      const command = /^[a-zA-Z]+/.exec(characters.slice(index + 1, index + 12).join(""))?.[0];
      index += 1 + (command?.length ?? 1);
      // \( \) \[ \] open and close mathematics, \, \; \! and \space are only room.
      if (command === undefined) {
        if (!"()[],;:! ".includes(characters[index - 1] ?? "none")) {
          throw new ArithmeticSyntaxError(`unexpected \\${characters[index - 1] ?? ""}`);
        }
      } else if (fractionCommands.has(command)) {
        tokens.push({ kind: "open" });
        fractionAwaits = "numerator";
      } else {
        const operator = Object.hasOwn(commands, command) ? commands[command] : undefined;
        if (operator === undefined) throw new ArithmeticSyntaxError(`unexpected \\${command}`);
        if (operator !== "") tokens.push({ kind: "operator", operator });
      }
      continue;
    }
    const digit = digitValue(character);
    if (digit !== null) {
      let value = BigInt(digit);
      let count = 1;
      for (index++; index < characters.length; index++, count++) {
        const next = digitValue(characters[index] as string);
        if (next === null) break;
        if (count === mostDigits)
          throw new ArithmeticSyntaxError(`a number of more than ${mostDigits} digits`);
        value = value * 10n + BigInt(next);
      }
      tokens.push({ kind: "number", value });
      continue;
    }
    index++;
    const operator = Object.hasOwn(operatorSigns, character) ? operatorSigns[character] : undefined;
    if (operator !== undefined) tokens.push({ kind: "operator", operator });
    else if (character === "=" || character === "＝") tokens.push({ kind: "equals" });
    else if (character === "$") continue;
    else if (openBrackets.includes(character)) {
      brackets.push((["round", "square", "curly"] as const)[openBrackets.indexOf(character) % 3] as Bracket);
      tokens.push({ kind: "open" });
    } else if (closeBrackets.includes(character)) {
      const expected = (["round", "square", "curly"] as const)[closeBrackets.indexOf(character) % 3];
      const opened = brackets.pop();
      tokens.push({ kind: "close" });
      if (opened === expected) continue;
      if (expected === "curly" && opened === "numerator") {
        tokens.push({ kind: "operator", operator: "/" });
        fractionAwaits = "denominator";
      } else if (expected === "curly" && opened === "denominator") tokens.push({ kind: "close" });
      else throw new ArithmeticSyntaxError(`a closing ${character} that matches no opening bracket`);
    } else throw new ArithmeticSyntaxError(`unexpected ${JSON.stringify(character)}`);
  }
  if (brackets.length > 0 || fractionAwaits !== null)
    throw new ArithmeticSyntaxError("an open bracket is never closed");
  return tokens;
}

/** The value of a decimal digit of any script, else null. Unicode keeps each script's ten digits together. */
function digitValue(character: string): number | null {
  if (character >= "0" && character <= "9") return character.charCodeAt(0) - 0x30;
  if (!/^\p{Nd}$/u.test(character)) return null;
  const code = character.codePointAt(0) as number;
  let first = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}

function signs<Sign extends string>(operator: Sign, characters: string): Record<string, Sign> {
  return Object.fromEntries([...characters].map((character) => [character, operator]));
}
