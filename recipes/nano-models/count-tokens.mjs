import { readFileSync } from 'node:fs';

const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The printable characters that byte-level BPE writes for the 256 bytes. */
function byteCharacters() {
  const printable = (byte) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let extra = 256;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(printable(byte) ? byte : extra++),
  );
}

/**
 * A fast counter for the recipe's own byte-level BPE tokenizer: words are counted once and remembered.
 * `samples.py` checks every count against the real tokenizer.
 */
export function tokenCounter(tokenizerFile) {
  const { model } = JSON.parse(readFileSync(tokenizerFile, 'utf8'));
  const ranks = new Map(
    model.merges.map((merge, rank) => [Array.isArray(merge) ? merge.join(' ') : merge, rank]),
  );
  const characters = byteCharacters();
  const counts = new Map();
  const encoder = new TextEncoder();

  function countWord(word) {
    const parts = [...encoder.encode(word)].map((byte) => characters[byte]);
    for (;;) {
      let best = Number.POSITIVE_INFINITY;
      let place = -1;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Number.POSITIVE_INFINITY;
        if (rank < best) [best, place] = [rank, i];
      }
      if (place < 0) return parts.length;
      parts.splice(place, 2, parts[place] + parts[place + 1]);
    }
  }

  return (text) => {
    let total = 0;
    for (const [word] of text.matchAll(wordPattern)) {
      const count = counts.get(word) ?? countWord(word);
      counts.set(word, count);
      total += count;
    }
    return total;
  };
}
