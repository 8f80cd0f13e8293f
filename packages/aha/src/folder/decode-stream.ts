/** Turns ids into text as they arrive, never giving out half a character. */

/** Feeds ids in, takes text out; all pieces joined equal the decoding of all ids at once. */
export interface DecodeStream {
  /** The text that became certain with this id; often empty, never an incomplete character. */
  push(id: number): string;
  /** What is left at the end; incomplete bytes come out as U+FFFD. */
  end(): string;
}

/** What a stream needs of its tokenizer. `bytes` is given where a token's bytes do not depend on its neighbours. */
export interface DecodeStreamSource {
  keep(id: number): boolean;
  decode(ids: number[]): string;
  readonly bytes: ((id: number) => Uint8Array) | null;
}

/** A fresh stream for one completion. */
export function createDecodeStream(source: DecodeStreamSource): DecodeStream {
  return source.bytes === null ? streamByPrefix(source) : streamByBytes(source, source.bytes);
}

function streamByBytes(source: DecodeStreamSource, bytes: (id: number) => Uint8Array): DecodeStream {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push: (id) => (source.keep(id) ? decoder.decode(bytes(id), { stream: true }) : ""),
    end: () => decoder.decode(),
  };
}

/** Ids kept as context, so that a window never begins with a token whose leading space would be dropped. */
const CONTEXT = 8;
/** The window is cut once it is this long, which keeps the whole linear in the number of ids. */
const LONGEST_WINDOW = 64;

/**
 * For decoders in which neighbours matter (leading spaces, byte fallback): a growing window of ids is
 * decoded, and what it adds to the text already given out is passed on once it ends in a whole character.
 */
function streamByPrefix(source: DecodeStreamSource): DecodeStream {
  let window: number[] = [];
  let given = "";
  const flush = (final: boolean): string => {
    const text = source.decode(window);
    if (!final && text.endsWith("\uFFFD")) return "";
    const piece = text.slice(given.length);
    given = text;
    if (window.length >= LONGEST_WINDOW) {
      window = window.slice(-CONTEXT);
      given = source.decode(window);
    }
    return piece;
  };
  return {
    push(id) {
      if (!source.keep(id)) return "";
      window.push(id);
      return flush(false);
    },
    end: () => flush(true),
  };
}
