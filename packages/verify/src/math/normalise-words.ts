/** Plain-text names of functions and constants, and the words that join answers, as LaTeX commands. */

const COMMANDS: Readonly<Record<string, string>> = {
  sqrt: "\\sqrt ",
  pi: "\\pi ",
  infinity: "\\infty ",
  inf: "\\infty ",
  oo: "\\infty ",
  theta: "\\theta ",
  alpha: "\\alpha ",
  beta: "\\beta ",
  sin: "\\sin ",
  cos: "\\cos ",
  tan: "\\tan ",
  cot: "\\cot ",
  sec: "\\sec ",
  csc: "\\csc ",
  ln: "\\ln ",
  log: "\\log ",
  exp: "\\exp ",
  arcsin: "\\arcsin ",
  arccos: "\\arccos ",
  arctan: "\\arctan ",
  and: "\\and ",
  or: "\\or ",
  union: "\\cup ",
};

const CHINESE_JOINERS: Readonly<Record<string, string>> = {
  和: "\\and ",
  与: "\\and ",
  且: "\\and ",
  以及: "\\and ",
  或: "\\or ",
  或者: "\\or ",
};

/** `\text{, and }` and its kin: the joining word with the commas around it. */
const joiner = (inner: string): string | null => {
  const word = inner.replace(/[ ,;]/g, "").toLowerCase();
  const comma = inner.includes(",") || inner.includes(";") ? "," : "";
  if (word === "and" || word === "&") return `${comma}\\and `;
  if (word === "or") return `${comma}\\or `;
  const chinese = CHINESE_JOINERS[word];
  return chinese === undefined ? null : `${comma}${chinese}`;
};

/** `\text{A, D and F}`: joiners inside text also count when letters, words or numbers are listed. */
const splitListInText = (inner: string): string => {
  if (!/[,;]| and | or |和|或|与/.test(inner)) return `\\text{${inner}}`;
  return inner
    .replace(/以及|或者/g, (word) => CHINESE_JOINERS[word] ?? word)
    .split(/([,;]|\\(?:and|or) | and | or |[和或与且])/)
    .map((piece) => {
      if (/^[,;]$/.test(piece) || piece.startsWith("\\")) return piece;
      const joined = joiner(piece);
      if (joined !== null && piece.trim() !== "") return joined;
      return piece.trim() === "" ? " " : /^ *[\d.]+ *$/.test(piece) ? piece : `\\text{${piece}}`;
    })
    .join("");
};

/**
 * The text with ASCII function names and joining words as commands, outside `\text{…}`; inside, a list is opened
 * up (`\text{A, B}` → `\text{A},\text{ B}`). Words without a command are left alone.
 */
export const normaliseWords = (text: string): string =>
  text.replace(
    /\\text\{([^{}]*)\}|\\[a-zA-Z]+|[A-Za-z]+|以及|或者|[和与且或]/g,
    (whole: string, inner: string | undefined, offset: number) => {
      if (inner !== undefined) return joiner(inner) ?? splitListInText(inner);
      if (whole.startsWith("\\")) return whole;
      const chinese = CHINESE_JOINERS[whole];
      if (chinese !== undefined) return chinese;
      const command = COMMANDS[whole] ?? COMMANDS[whole.length > 2 ? whole.toLowerCase() : ""];
      const before = text[offset - 1];
      return command === undefined || before === "_" ? whole : command;
    },
  );
