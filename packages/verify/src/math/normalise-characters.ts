/** Turns Unicode mathematics, full-width and foreign digits and Chinese punctuation into ASCII and LaTeX. */

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ";
const SUPERSCRIPT_TEXT = "0123456789+-=()ni";
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎";
const SUBSCRIPT_TEXT = "0123456789+-=()";

/** Zero digits of the scripts whose digits NFKC leaves alone. */
const ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0e50, 0x0ed0, 0x1040];

const GREEK: Readonly<Record<string, string>> = {
  α: "alpha",
  β: "beta",
  γ: "gamma",
  δ: "delta",
  ε: "epsilon",
  ζ: "zeta",
  η: "eta",
  θ: "theta",
  λ: "lambda",
  μ: "mu",
  ξ: "xi",
  π: "pi",
  ρ: "rho",
  σ: "sigma",
  τ: "tau",
  φ: "phi",
  ϕ: "phi",
  χ: "chi",
  ψ: "psi",
  ω: "omega",
  Δ: "Delta",
  Γ: "Gamma",
  Θ: "Theta",
  Λ: "Lambda",
  Π: "Pi",
  Σ: "Sigma",
  Φ: "Phi",
  Ψ: "Psi",
  Ω: "Omega",
};

const CHARACTERS: Readonly<Record<string, string>> = {
  "−": "-",
  "–": "-",
  "‐": "-",
  "‑": "-",
  "×": "\\times ",
  "✕": "\\times ",
  "⨯": "\\times ",
  "·": "\\cdot ",
  "⋅": "\\cdot ",
  "∙": "\\cdot ",
  "•": "\\cdot ",
  "÷": "\\div ",
  "∕": "/",
  "⁄": "/",
  "√": "\\sqrt ",
  "∛": "\\sqrt[3]",
  "∜": "\\sqrt[4]",
  "∞": "\\infty ",
  "≤": "\\le ",
  "⩽": "\\le ",
  "≦": "\\le ",
  "≥": "\\ge ",
  "⩾": "\\ge ",
  "≧": "\\ge ",
  "≠": "\\ne ",
  "≈": "\\approx ",
  "≒": "\\approx ",
  "≡": "\\equiv ",
  "∪": "\\cup ",
  "∩": "\\cap ",
  "∈": "\\in ",
  "∖": "\\setminus ",
  "∅": "\\emptyset ",
  "⌀": "\\emptyset ",
  "±": "\\pm ",
  "∓": "\\mp ",
  "°": "^\\circ ",
  º: "^\\circ ",
  "℃": "^\\circ C",
  "∠": "\\angle ",
  "△": "\\triangle ",
  ℝ: "\\mathbb{R}",
  ℤ: "\\mathbb{Z}",
  ℚ: "\\mathbb{Q}",
  ℕ: "\\mathbb{N}",
  ℂ: "\\mathbb{C}",
  "⟨": "\\langle ",
  "⟩": "\\rangle ",
  "〈": "\\langle ",
  "〉": "\\rangle ",
  "⌊": "\\lfloor ",
  "⌋": "\\rfloor ",
  "⌈": "\\lceil ",
  "⌉": "\\rceil ",
  "∑": "\\sum ",
  "∫": "\\int ",
  "→": "\\to ",
  "′": "'",
  "’": "'",
  "‘": "'",
  "“": '"',
  "”": '"',
  "。": ".",
  "、": ",",
  "【": "[",
  "】": "]",
  "〖": "[",
  "〗": "]",
  "％": "\\%",
  "￥": "\\yen ",
  "¥": "\\yen ",
  "€": "\\euro ",
  "£": "\\pounds ",
  "\u00a0": " ",
  "\u202f": " ",
  "\u2009": " ",
  "\u3000": " ",
  "\t": " ",
  "\n": " ",
  "\r": " ",
};

const INVISIBLE = /[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]|[\ufe00-\ufe0f]/g;
const HAS_OTHER = /[^\x20-\x7e]/;
const SUPERSCRIPT_RUN = new RegExp(`[${SUPERSCRIPTS}]+`, "gu");
const SUBSCRIPT_RUN = new RegExp(`[${SUBSCRIPTS}]+`, "gu");
/** Vulgar fractions; NFKC spells them `1⁄2`, which alone would turn `3½` into `31⁄2`. */
const VULGAR_FRACTION = /[\u00bc-\u00be\u2150-\u215e]/g;

const respell = (run: string, from: string, to: string): string =>
  [...run].map((character) => to[from.indexOf(character)] ?? "").join("");

const asciiDigit = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const zero = ZEROS.find((start) => code >= start && code < start + 10);
  return zero === undefined ? character : String(code - zero);
};

const vulgarFraction = (character: string): string => {
  const [top, bottom] = character.normalize("NFKC").split("\u2044");
  return `\\frac{${top ?? ""}}{${bottom ?? ""}}`;
};

/**
 * The text with every character that has a plain spelling respelled. Letters that merely look like Latin ones
 * (Cyrillic а) stay what they are, so that they never match. Pure ASCII text is returned as it is.
 */
export const normaliseCharacters = (text: string): string => {
  if (!HAS_OTHER.test(text)) return text;
  return text
    .replace(INVISIBLE, "")
    .replace(SUPERSCRIPT_RUN, (run) => `^{${respell(run, SUPERSCRIPTS, SUPERSCRIPT_TEXT)}}`)
    .replace(SUBSCRIPT_RUN, (run) => `_{${respell(run, SUBSCRIPTS, SUBSCRIPT_TEXT)}}`)
    .replace(VULGAR_FRACTION, vulgarFraction)
    .replace(/[^\x20-\x7e]/gu, (character) => {
      const plain = CHARACTERS[character];
      if (plain !== undefined) return plain;
      const greek = GREEK[character];
      if (greek !== undefined) return `\\${greek} `;
      return asciiDigit(character);
    })
    .normalize("NFKC")
    .replaceAll("−", "-");
};
