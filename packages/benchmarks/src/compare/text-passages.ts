import type { ComparedPassage } from './compare-policies.js';

/** What turns tokens back to text; a tokenizer of `@namm/decoder` does it. */
export interface PassageTokenizer {
  decode(ids: Iterable<number>): string;
}

/** Passages to compare on: of each the first part is read, the last third predicted. */
export function comparedPassages(
  passages: readonly Int32Array[],
  tokenizer: PassageTokenizer,
): ComparedPassage[] {
  return passages.map((ids) => {
    const read = Math.max(1, Math.floor((2 / 3) * ids.length));
    return { ids, read, bytes: Buffer.byteLength(tokenizer.decode(ids.subarray(read))) };
  });
}
