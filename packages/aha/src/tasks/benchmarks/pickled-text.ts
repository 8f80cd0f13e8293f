/** Reads the one string that a pickle holds, as LiveCodeBench packs its tests; nothing of a pickle is ever run. */

/** A pickle that is more than one string. */
export class PickledTextError extends Error {
  override readonly name = "PickledTextError";
}

/** Opcodes that only frame, mark or remember, with the bytes of their argument. */
const passedOver: ReadonlyMap<number, number> = new Map([
  [0x80, 1], // PROTO
  [0x95, 8], // FRAME
  [0x94, 0], // MEMOIZE
  [0x71, 1], // BINPUT
  [0x72, 4], // LONG_BINPUT
]);

/** Throws PickledTextError for any pickle but that of a string (protocols 1 to 5). */
export function pickledText(bytes: Buffer): string {
  let text: string | null = null;
  for (let at = 0; at < bytes.length; ) {
    const code = bytes[at++] as number;
    const skipped = passedOver.get(code);
    if (skipped !== undefined) {
      at += skipped;
      continue;
    }
    if (code === 0x2e && text !== null) return text; // STOP
    const width = code === 0x8c ? 1 : code === 0x58 ? 4 : code === 0x8d ? 8 : 0; // …BINUNICODE
    if (width === 0 || text !== null || at + width > bytes.length) break;
    const length = width === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, width);
    at += width;
    text = bytes.toString("utf8", at, at + length);
    at += length;
  }
  throw new PickledTextError("expected the pickle of one string");
}
