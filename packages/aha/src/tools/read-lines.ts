/** Lines of a byte stream with their numbers, in bounded memory: a line that is too long is cut and marked. */

export interface TextLine {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
  /** Bytes of the stream up to the line's end. */
  readonly end: number;
  /** True where the line was longer than the limit; `text` is its beginning. */
  readonly cut: boolean;
}

const LONGEST_LINE = 64 * 1024 * 1024; // bytes
const NEWLINE = 10;

/** Only a line feed ends a line; a carriage return before it is left out. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  longest = LONGEST_LINE,
): AsyncGenerator<TextLine> {
  let parts: Buffer[] = [];
  let kept = 0;
  let line = 1;
  let end = 0;
  let cut = false;
  const keep = (bytes: Buffer): void => {
    const room = longest - kept;
    if (bytes.length > room) cut = true;
    if (room <= 0 || bytes.length === 0) return;
    parts.push(bytes.subarray(0, room));
    kept += Math.min(room, bytes.length);
  };
  const take = (): TextLine => {
    const text = Buffer.concat(parts).toString("utf8");
    const taken = { line, text: text.endsWith("\r") ? text.slice(0, -1) : text, end, cut };
    parts = [];
    kept = 0;
    line += 1;
    cut = false;
    return taken;
  };
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, start)) {
      keep(bytes.subarray(start, at));
      end += at - start + 1;
      start = at + 1;
      yield take();
    }
    keep(bytes.subarray(start));
    end += bytes.length - start;
  }
  if (kept > 0) yield take();
}
