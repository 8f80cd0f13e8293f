/** The bytes each token stands for in a byte-level vocabulary, which make decoding and streaming exact. */

/**
 * GPT-2's byte-level alphabet, by character: printable Latin-1 stands for itself, the 68 other bytes for
 * U+0100 and up.
 */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = byteAlphabet();

function byteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte += 1) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    alphabet.set(String.fromCharCode(printable ? byte : next), byte);
    if (!printable) next += 1;
  }
  return alphabet;
}

/**
 * A token's bytes under the ByteLevel decoder. As in Hugging Face's tokenizers, a token with any
 * character outside the alphabet (an added token such as `<｜User｜>`) stands for its own UTF-8.
 */
export function byteLevelBytes(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) return new TextEncoder().encode(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
