/** Builds the miniature's tokenizer: whole numbers and a few words as single tokens, every other byte by itself. */

/** The two files of a Hugging Face tokenizer, as plain values ready for JSON. */
export interface TokenizerFiles {
  /** Content of `tokenizer.json`. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** Content of `tokenizer_config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly vocabularySize: number;
  readonly endTokenId: number;
}

export interface WorldTokenizerOptions {
  /**
   * Numbers 0 … this are one token each when they follow a space; larger ones are spelled by digits. The default,
   * 109, makes a vocabulary of 384: a multiple of 128, as matrix kernels like it, with no id left without a token.
   */
  readonly largestNumber?: number;
  /** Pieces that are one token each; a leading space is part of the piece. */
  readonly pieces?: readonly string[];
  /** Words of a script without spaces: each is kept whole wherever it stands, the longest first. */
  readonly unspacedWords?: readonly string[];
  readonly chatTemplate?: string;
  readonly endToken?: string;
  readonly maximumLength?: number;
}

/** What the Countdown world writes besides numbers. */
export const countdownPieces: readonly string[] = [
  "User:",
  " Make",
  " from",
  " Assistant:",
  " <think>",
  " </think>",
  " <answer>",
  " </answer>",
  " wait",
  " yes",
  " +",
  " -",
  " *",
  " /",
  " =",
  " (",
  " )",
];

/**
 * A byte-level BPE without merges: a piece that is in the vocabulary is one token (`ignore_merges`), any other
 * is spelled in bytes, so that every text can be encoded and decodes to itself. The end token has id 0; there
 * is no beginning token. Throws RangeError where a piece could never be produced.
 */
export function buildWorldTokenizer(options: WorldTokenizerOptions = {}): TokenizerFiles {
  const {
    largestNumber = 109,
    pieces = countdownPieces,
    unspacedWords = [],
    endToken = "<|end|>",
    maximumLength = 512,
  } = options;
  const pattern = piecePattern(unspacedWords);
  const vocabulary = new Map<string, number>([[endToken, 0]]);
  const add = (token: string): void => {
    if (!vocabulary.has(token)) vocabulary.set(token, vocabulary.size);
  };
  for (let byte = 0; byte < 256; byte++) add(byteCharacter(byte));
  for (let number = 0; number <= largestNumber; number++) add(spellBytes(` ${number}`));
  for (const piece of pieces) {
    if (firstMatch(pattern, piece) !== piece) {
      throw new RangeError(
        `buildWorldTokenizer: the piece ${JSON.stringify(piece)} would be split by the pre-tokenizer and never ` +
          `be used; expected a tag, a speaker, a word, a number or one symbol, each with at most one leading space.`,
      );
    }
    add(spellBytes(piece));
  }

  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    vocabularySize: vocabulary.size,
    endTokenId: 0,
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [{ id: 0, content: endToken, ...special }],
      normalizer: null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
          byteLevel,
        ],
      },
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: true,
        vocab: Object.fromEntries(vocabulary),
        merges: [],
      },
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      model_max_length: maximumLength,
      clean_up_tokenization_spaces: false,
      add_prefix_space: false,
      bos_token: null,
      eos_token: endToken,
      pad_token: endToken,
      unk_token: null,
      ...(options.chatTemplate === undefined ? {} : { chat_template: options.chatTemplate }),
    },
  };
}

/** The pieces into which the tokenizer of these options cuts a text, each one token where it is in the vocabulary. */
export function cutIntoPieces(
  text: string,
  { unspacedWords = [] }: Pick<WorldTokenizerOptions, "unspacedWords">,
): string[] {
  return text.match(new RegExp(piecePattern(unspacedWords), "gu")) ?? [];
}

/** Tags, speakers, numbers, words, single symbols, runs of white space: in this order, so that tags stay whole. */
const commonPattern = " ?</?(?:think|answer)>| ?(?:User|Assistant):| ?[0-9]+| ?\\p{L}+| ?[^\\s\\p{L}0-9]|\\s";

/** The common pattern, before it the words that no space sets apart. Throws RangeError for words that are not letters. */
function piecePattern(unspacedWords: readonly string[]): string {
  if (unspacedWords.length === 0) return commonPattern;
  const odd = unspacedWords.find((word) => !/^\p{L}+$/u.test(word));
  if (odd !== undefined) {
    throw new RangeError(
      `buildWorldTokenizer: expected unspaced words of letters alone, got ${JSON.stringify(odd)}.`,
    );
  }
  const longestFirst = [...unspacedWords].sort((a, b) => b.length - a.length);
  const spaced = " ?(?:User|Assistant):| ?[A-Za-z]+"; // an unspaced word may follow directly
  return ` ?\\\\boxed\\{|${spaced}| ?(?:${longestFirst.join("|")})|${commonPattern}`;
}

function firstMatch(pattern: string, piece: string): string | undefined {
  return new RegExp(pattern, "u").exec(piece)?.[0];
}

function spellBytes(text: string): string {
  return [...new TextEncoder().encode(text)].map(byteCharacter).join("");
}

/**
 * The printable character that stands for a byte in byte-level vocabularies (GPT-2's convention): printable
 * Latin-1 stands for itself, the others follow from U+0100 on in order.
 */
function byteCharacter(byte: number): string {
  const standsForItself = (value: number): boolean =>
    (value >= 0x21 && value <= 0x7e) || (value >= 0xa1 && value <= 0xac) || (value >= 0xae && value <= 0xff);
  if (standsForItself(byte)) return String.fromCodePoint(byte);
  let rank = 0;
  for (let other = 0; other < byte; other++) if (!standsForItself(other)) rank++;
  return String.fromCodePoint(0x100 + rank);
}
