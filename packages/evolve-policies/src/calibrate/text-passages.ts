import { documentFiller, type FillerDocument, type Split } from '@namm/benchmarks';
import { Random } from '@namm/core';
import type { Tokenizer } from '@namm/decoder';

/** Which passages {@link textPassages} takes. */
export interface PassageChoice {
  readonly texts: readonly FillerDocument[];
  readonly split: Split;
  readonly tokenizer: Tokenizer;
  readonly count: number;
  /** Of each, in tokens. */
  readonly length: number;
  /** Of the places in the texts. */
  readonly seed: number;
}

/** Passages, alternating prose and code, `[length]` token ids each, with BOS if the model has one. */
export function* textPassages(choice: PassageChoice): IterableIterator<Int32Array> {
  const { texts, split, tokenizer, count, length, seed } = choice;
  const filler = documentFiller(texts);
  for (let index = 0; index < count; index++) {
    const passage = filler.passage(index % 2 ? 'code' : 'prose', split, new Random(seed, index));
    yield firstTokens(tokenizer, passage.pieces(), length);
  }
}

/** Pieces begin where words begin, so they can be tokenized one by one. */
function firstTokens(tokenizer: Tokenizer, pieces: Iterable<string>, length: number): Int32Array {
  const ids = [...tokenizer.encode('')]; // BOS, if the model has one
  for (const piece of pieces) {
    if (ids.length >= length) break;
    ids.push(...tokenizer.encode(piece, { addSpecialTokens: false }));
  }
  return Int32Array.from(ids.slice(0, length));
}
