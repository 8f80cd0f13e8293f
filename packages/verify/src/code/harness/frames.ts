/** The frames in which a sandboxed runner and its host speak, and a bounded reader of them. */
import type { Readable } from "node:stream";

/**
 * `J` a job, `L` the outcome of loading it, `Q` a request, `A` an answer, `V` a verdict of the judge.
 * On the wire: four bytes of body length (big-endian), the letter, the body (JSON in UTF-8).
 */
export interface Frame {
  readonly letter: string;
  readonly body: Buffer;
}

export const largestFrameBytes = 16 << 20;
const headerBytes = 5;
/** Speaking is strictly in turns, so more than a few frames waiting means that the other end floods us. */
const mostWaitingFrames = 4;

export function encodeFrame(letter: string, body: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length, 0);
  header.write(letter, 4, "latin1");
  return Buffer.concat([header, body]);
}

export const jsonFrame = (letter: string, value: unknown): Buffer =>
  encodeFrame(letter, Buffer.from(JSON.stringify(value), "utf8"));

/** Why no further frame comes: the stream is over, or what came broke a bound. */
export type FramesEnd = "closed" | "too-large" | "flood";

/** Frames of an untrusted stream, in order; holds at most a few and never more than `mostBytes` over its life. */
export class FrameReader {
  private readonly pieces: Buffer[] = [];
  private buffered = 0;
  private readonly waiting: Frame[] = [];
  private total = 0;
  private end: FramesEnd | null = null;
  private wake: (() => void) | null = null;
  private readonly stream: Readable;
  private readonly mostBytes: number;

  constructor(stream: Readable, mostBytes: number) {
    this.stream = stream;
    this.mostBytes = mostBytes;
    stream.on("data", (piece: Buffer) => this.take(piece));
    stream.on("end", () => this.finish("closed"));
    stream.on("close", () => this.finish("closed"));
    stream.on("error", () => this.finish("closed"));
  }

  /** Whether a frame lies here that nobody asked for yet. */
  get hasFrame(): boolean {
    return this.waiting.length > 0;
  }

  /** The next frame, or why there is none. One caller at a time. */
  async next(): Promise<Frame | FramesEnd> {
    while (this.waiting.length === 0) {
      if (this.end !== null) return this.end;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.waiting.shift() as Frame;
  }

  private take(piece: Buffer): void {
    if (this.end !== null) return;
    this.total += piece.length;
    if (this.total > this.mostBytes) {
      this.finish("too-large");
      return;
    }
    this.pieces.push(piece);
    this.buffered += piece.length;
    while (this.buffered >= headerBytes) {
      const header = this.peek(headerBytes);
      const length = header.readUInt32BE(0);
      if (length > largestFrameBytes) {
        this.finish("too-large");
        return;
      }
      if (this.buffered < headerBytes + length) return;
      const whole = this.remove(headerBytes + length);
      this.waiting.push({ letter: whole.toString("latin1", 4, 5), body: whole.subarray(headerBytes) });
      if (this.waiting.length > mostWaitingFrames) {
        this.finish("flood");
        return;
      }
      this.rouse();
    }
  }

  private peek(count: number): Buffer {
    const first = this.pieces[0] as Buffer;
    return first.length >= count ? first : this.join();
  }

  private join(): Buffer {
    const whole = Buffer.concat(this.pieces);
    this.pieces.splice(0, this.pieces.length, whole);
    return whole;
  }

  private remove(count: number): Buffer {
    const whole = this.pieces.length === 1 ? (this.pieces[0] as Buffer) : this.join();
    this.pieces.splice(0, this.pieces.length);
    this.buffered -= count;
    if (this.buffered > 0) this.pieces.push(whole.subarray(count));
    return whole.subarray(0, count);
  }

  private finish(end: FramesEnd): void {
    if (this.end !== null) return;
    this.end = end;
    if (end !== "closed") {
      this.stream.pause();
      this.waiting.length = 0;
    }
    this.rouse();
  }

  private rouse(): void {
    const wake = this.wake;
    this.wake = null;
    wake?.();
  }
}
