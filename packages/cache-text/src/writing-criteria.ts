import { StoppingCriteria } from '@huggingface/transformers';
import type { SequenceCaches } from './sequence-caches.js';

/**
 * Is asked after each token that was written: tells the cache, and ends an answer where the positions of the
 * model end, rather than failing with what was written.
 */
export class WritingCriteria extends StoppingCriteria {
  readonly #cache: SequenceCaches;

  constructor(cache: SequenceCaches) {
    super();
    this.#cache = cache;
  }

  override _call(inputIds: (number | bigint)[][]): boolean[] {
    this.#cache.noteWritten(inputIds.map((ids) => Number(ids.at(-1))));
    return inputIds.map(() => !this.#cache.hasRoom);
  }
}
