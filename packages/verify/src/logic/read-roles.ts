/** Reads who is said to be a knight and who a knave: `(1) Zoey is a knight`, `Knights: Zoey, Liam`, a table, JSON. */

/** What a text says of each person: a knight, a knave, both (it contradicts itself), or nothing. */
export type Role = "knight" | "knave" | "both";

type Token =
  | { readonly kind: "name"; readonly person: number }
  | { readonly kind: "role"; readonly knight: boolean; readonly heads: "list" | "one" | null }
  | { readonly kind: "everyone" | "not" | "or" | "stop" | "hearsay" | "between" };

const knightWords = new Set(
  "knight knights truth-teller truth-tellers truthteller truthtellers truthful honest 骑士 騎士 ritter caballero chevalier рыцарь рыцари".split(
    " ",
  ),
);
const knaveWords = new Set(
  "knave knaves liar liars lying 无赖 無賴 骗子 騙子 恶棍 schurke lügner лжец лжецы".split(" "),
);
const negations = new Set("not isn't aren't isnt arent neither nor never 不 不是 非".split(" "));
const everyone = new Set("everyone everybody all 所有人 大家 全部".split(" "));
const alternatives = new Set("or 或 或者 oder".split(" "));
/** After these a text tells what someone says, supposes or asks, not how it is. */
const hearsay = new Set(
  "if suppose supposing assume assuming whether either would could might may says say said saying claims claim claimed states stated unless because since 如果 假设 说 若".split(
    " ",
  ),
);

const word =
  /无赖|無賴|骗子|騙子|骑士|騎士|恶棍|所有人|大家|全部|如果|假设|或者|不是|[不非或说若]|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}'])+(?:-(?:teller|tellers))?|[.!?。！？;；\n]|\S/gu;

/**
 * The role of each person that `text` states; people not spoken of are left out. A clause that only reports or
 * supposes (`if Zoey is a knight …`) states nothing. Linear in the text.
 */
export function readRoles(text: string, names: readonly string[]): Map<number, Role> {
  const roles = new Map<number, Role>();
  const state = {
    subjects: [] as number[],
    taken: false,
    negated: false,
    header: null as boolean | null,
    one: false,
  };
  let skipping = false;
  const say = (person: number, knight: boolean): void => {
    const role = knight ? "knight" : "knave";
    const before = roles.get(person);
    roles.set(person, before === undefined || before === role ? role : "both");
  };
  for (const token of tokens(text, names)) {
    if (token.kind === "stop") {
      Object.assign(state, { subjects: [], taken: false, negated: false });
      skipping = false;
    } else if (skipping || token.kind === "between") {
      // Nothing is stated here.
    } else if (token.kind === "hearsay") skipping = true;
    else if (token.kind === "or") {
      // `a knight or a knave` says both of the same people; before any role it only lists cases.
      if (state.taken) Object.assign(state, { taken: false, negated: false });
      else skipping = true;
    } else if (token.kind === "not") state.negated = !state.negated;
    else if (token.kind === "role" && token.heads !== null) {
      Object.assign(state, {
        header: token.knight,
        one: token.heads === "one",
        subjects: [],
        negated: false,
      });
    } else if (token.kind === "role") {
      for (const person of state.subjects) say(person, token.knight !== state.negated);
      Object.assign(state, { taken: true, negated: false, header: null });
    } else if (token.kind === "name") {
      if (state.taken) Object.assign(state, { subjects: [], taken: false, negated: false });
      if (state.header === null) state.subjects.push(token.person);
      else say(token.person, state.header);
      if (state.one) Object.assign(state, { header: null, one: false });
    } else if (state.subjects.length === 0 && state.header === null) {
      // `All are knights`; but in `Zoey and Liam are both knights` the names have been given.
      state.subjects.push(...names.keys());
    }
  }
  return roles;
}

function* tokens(text: string, names: readonly string[]): Generator<Token> {
  const plain = text
    .normalize("NFKC")
    .replace(/[*_`"“”$\\{}|]/g, " ")
    .replace(/’/g, "'");
  const people = new Map<string, number>();
  for (const [person, name] of names.entries()) {
    const spelled = undress(name).trim();
    people.set(spelled.toUpperCase(), person).set(spelled, person);
  }
  for (const match of plain.matchAll(wordOrName([...people.keys()]))) {
    const [exact] = match;
    const lower = exact.toLowerCase();
    const person = people.get(exact);
    if (person !== undefined) yield { kind: "name", person };
    else if (knightWords.has(lower) || knaveWords.has(lower)) {
      // `Knights: …` and `The knights are …` speak of the names that follow.
      const after = plain.slice(match.index + exact.length, match.index + exact.length + 8);
      const heads = /^ {0,2}(?:[:：=]|are\b|是)/.test(after)
        ? "list"
        : /^ is [A-Z]/.test(after)
          ? "one"
          : null;
      yield { kind: "role", knight: knightWords.has(lower), heads };
    } else if (negations.has(lower)) yield { kind: "not" };
    else if (alternatives.has(lower)) yield { kind: "or" };
    else if (everyone.has(lower)) yield { kind: "everyone" };
    else if (hearsay.has(lower)) yield { kind: "hearsay" };
    else if (/^[.!?。！？;；\n]$/.test(exact)) yield { kind: "stop" };
    else yield { kind: "between" };
  }
}

/** Without emphasis, quotes, table bars and LaTeX's marks; names are undressed like the text they stand in. */
function undress(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[*_`"“”$\\{}|]/g, " ")
    .replace(/’/g, "'");
}

/** A name that `word` finds by itself. */
const plainName = /^(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}])+$/u;

/** Other names are looked for whole, the longer before the shorter; Han characters have no spaces about them. */
function wordOrName(names: readonly string[]): RegExp {
  if (names.every((name) => plainName.test(name))) return word;
  const literals = [...names]
    .sort((a, b) => b.length - a.length)
    .map((name) => {
      const literal = name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
      return /\p{Script=Han}/u.test(name) ? literal : String.raw`(?<![\p{L}\p{N}])${literal}(?![\p{L}\p{N}])`;
    });
  return new RegExp([...literals, word.source].join("|"), "gu");
}
