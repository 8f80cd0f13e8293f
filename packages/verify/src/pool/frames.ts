/** Length-prefixed JSON messages over a pipe: how the pool and its worker processes talk. */

const headerBytes = 4;

/** A message as it travels: four bytes of length (little-endian), then JSON in UTF-8. */
export function encodeFrame(json: string): Buffer {
  const length = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame.writeUInt32LE(length, 0);
  frame.write(json, headerBytes);
  return frame;
}

/** Puts messages together from the chunks of a pipe; linear in the bytes, however they are cut. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #expected: number | null = null;

  /** Takes one chunk; returns the JSON texts of the messages it completes. */
  push(chunk: Buffer): string[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const messages: string[] = [];
    for (;;) {
      if (this.#expected === null) {
        if (this.#bytes < headerBytes) return messages;
        this.#expected = this.#take(headerBytes).readUInt32LE(0);
      }
      if (this.#bytes < this.#expected) return messages;
      messages.push(this.#take(this.#expected).toString("utf8"));
      this.#expected = null;
    }
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0] ?? Buffer.alloc(0);
    const whole = first.length >= length ? first : Buffer.concat(this.#chunks);
    const rest = whole.subarray(length);
    if (whole === first) this.#chunks.shift();
    else this.#chunks = [];
    if (rest.length > 0) this.#chunks.unshift(rest);
    this.#bytes -= length;
    return whole.subarray(0, length);
  }
}
