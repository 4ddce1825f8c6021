/**
 * A normaliser by SentencePiece's precompiled map of characters, as the reference applies it. The map is a double-array
 * trie over bytes of UTF-8 behind its length in bytes, then the texts that characters become, each ended by a zero. The
 * library does not read it and normalises by NFKC, which most maps are near to and none is.
 *
 * @param charsmap the map, in base64
 * @throws {Error} when it is cut off
 */
export function precompiled(charsmap: string): (text: string) => string {
  const map = Buffer.from(charsmap, 'base64');
  const trieBytes = map.length >= 4 ? map.readUInt32LE(0) : Number.NaN;
  if (!(trieBytes % 4 === 0 && trieBytes > 0 && 4 + trieBytes <= map.length)) {
    throw new Error('the precompiled_charsmap of its normalizer is cut off');
  }
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => map.readUInt32LE(4 + 4 * i));
  const texts = map.subarray(4 + trieBytes);
  const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);

  /** What the shortest beginning of a text that is in the map becomes; null when there is none. */
  const transformed = (text: string): string | null => {
    let node = offsetOf(units[0]!);
    for (const byte of Buffer.from(text)) {
      if (byte === 0) return null;
      node ^= byte;
      const unit = units[node] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return null;
      node ^= offsetOf(unit);
      if ((unit & 0x100) === 0) continue;
      const from = (units[node] ?? 0) & 0x7fffffff;
      const to = texts.indexOf(0, from);
      return texts.toString('utf8', from, to === -1 ? undefined : to);
    }
    return null;
  };

  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
  return (text) => {
    let normal = '';
    for (const { segment } of graphemes.segment(text)) {
      // A whole grapheme may be in the map, but the reference looks for short ones alone.
      const whole = Buffer.byteLength(segment) < 6 ? transformed(segment) : null;
      normal += whole ?? Array.from(segment, (one) => transformed(one) ?? one).join('');
    }
    return normal;
  };
}
