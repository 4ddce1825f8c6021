/** The tokens of single bytes that spell a text, as SentencePiece names them: `<0x41>`. */
export function byteTokens(text: string): string[] {
  return Array.from(
    new TextEncoder().encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
}
