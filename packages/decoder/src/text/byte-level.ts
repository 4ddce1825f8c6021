/** The byte of each character of byte-level tokens: printable ones stand for themselves. */
const byteOf = new Map<string, number>();
for (let byte = 0, next = 256; byte < 256; byte++) {
  const isPrintable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  byteOf.set(String.fromCharCode(isPrintable ? byte : next++), byte);
}

/** The bytes of a byte-level token. One with other characters than those, which added tokens may have, is text as it stands. */
export function byteLevelBytes(token: string): Uint8Array {
  const own = Array.from(token, (character) => byteOf.get(character));
  return own.includes(undefined)
    ? new TextEncoder().encode(token)
    : Uint8Array.from(own as number[]);
}
