/** What files begin with that people take for text. */
const kinds: readonly (readonly [start: readonly number[], problem: string])[] = [
  [[0x1f, 0x8b], 'is compressed (gzip), not text; unpack it first'],
  [[0x50, 0x4b, 3, 4], 'is a ZIP archive or an office document, not text; save it as plain text'],
  [[0x25, 0x50, 0x44, 0x46], 'is a PDF, not text; save it as plain text'],
  [[0xff, 0xfe], 'is text in UTF-16; save it as UTF-8'],
  [[0xfe, 0xff], 'is text in UTF-16; save it as UTF-8'],
];

/**
 * Why the bytes of a file are no text to read, in words that stand behind its name.
 *
 * @returns null when they are text in UTF-8 that says something
 * @example
 * ```ts
 * describeNoText(gzipSync('hello')); // 'is compressed (gzip), not text; unpack it first'
 * ```
 */
export function describeNoText(bytes: Uint8Array): string | null {
  const kind = kinds.find(([start]) => start.every((byte, i) => bytes[i] === byte));
  if (kind !== undefined) return kind[1];
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.includes('\0')) return 'is not text in UTF-8';
    return text.trim() === '' ? 'is empty' : null;
  } catch {
    return 'is not text in UTF-8';
  }
}
