/** Evaluates arithmetic tokens exactly, with the usual precedence and no recursion. */
import { ArithmeticSyntaxError, type ArithmeticToken } from "./arithmetic-lexer.ts";
import { add, divide, multiply, negate, type Rational, rational } from "./rational.ts";

type StackEntry = "open" | "negate" | "+" | "-" | "*" | "/";

const precedence: Readonly<Record<StackEntry, number>> = {
  open: 0,
  "+": 1,
  "-": 1,
  "*": 2,
  "/": 2,
  negate: 3,
};

/**
 * The value of an expression (shunting-yard, evaluated as it is read), or null where it divides by zero.
 * Unary minus is known, implicit multiplication is not. The tokens hold no `equals`. Cost is linear in the
 * tokens times the size of the fractions, so the caller bounds the numbers first.
 * Throws ArithmeticSyntaxError.
 */
export function evaluateArithmetic(tokens: readonly ArithmeticToken[]): Rational | null {
  const operators: StackEntry[] = [];
  const values: Rational[] = [];
  let dividedByZero = false;
  let expectsOperand = true;

  const apply = (operator: StackEntry): void => {
    const right = values.pop() as Rational;
    if (operator === "negate") {
      values.push(negate(right));
      return;
    }
    const left = values.pop() as Rational;
    if (operator === "+") values.push(add(left, right));
    else if (operator === "-") values.push(add(left, negate(right)));
    else if (operator === "*") values.push(multiply(left, right));
    else {
      const quotient = divide(left, right);
      dividedByZero ||= quotient === null;
      // The rest is still read, so that a syntax error is told from a division by zero.
      values.push(quotient ?? rational(0n));
    }
  };
  const applyDownTo = (level: number): void => {
    for (;;) {
      const top = operators.at(-1);
      if (top === undefined || precedence[top] < level) return;
      operators.pop();
      apply(top);
    }
  };

  for (const token of tokens) {
    switch (token.kind) {
      case "number":
        if (!expectsOperand) throw new ArithmeticSyntaxError("two values side by side without a sign");
        values.push(rational(token.value));
        expectsOperand = false;
        break;
      case "open":
        if (!expectsOperand) throw new ArithmeticSyntaxError("two values side by side without a sign");
        operators.push("open");
        break;
      case "close":
        if (expectsOperand) throw new ArithmeticSyntaxError("a bracket closes where a value is missing");
        applyDownTo(1);
        if (operators.pop() !== "open")
          throw new ArithmeticSyntaxError("a closing bracket that opens nowhere");
        break;
      case "operator":
        if (expectsOperand) {
          if (token.operator !== "-")
            throw new ArithmeticSyntaxError(`a value is missing before ${token.operator}`);
          operators.push("negate");
        } else {
          applyDownTo(precedence[token.operator]);
          operators.push(token.operator);
          expectsOperand = true;
        }
        break;
      case "equals":
        throw new ArithmeticSyntaxError("an = inside the expression");
    }
  }
  if (expectsOperand) throw new ArithmeticSyntaxError("a value is missing at the end");
  applyDownTo(1);
  if (operators.length > 0) throw new ArithmeticSyntaxError("an open bracket is never closed");
  return dividedByZero ? null : (values[0] as Rational);
}
