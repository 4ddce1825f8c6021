import type { ComparedPassage } from './compare-policies.js';

/** Turns tokens back into text; a tokenizer of `@namm/decoder` fits. */
export interface PassageTokenizer {
  decode(ids: Iterable<number>): string;
}

/** Passages for comparisons: the first part of each is read, the last third predicted. */
export function comparedPassages(
  passages: readonly Int32Array[],
  tokenizer: PassageTokenizer,
): ComparedPassage[] {
  return passages.map((ids) => {
    const read = Math.max(1, Math.floor((2 / 3) * ids.length));
    return { ids, read, bytes: Buffer.byteLength(tokenizer.decode(ids.subarray(read))) };
  });
}
