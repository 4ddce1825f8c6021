import { StoppingCriteria } from '@huggingface/transformers';
import type { SequenceCaches } from './sequence-caches.js';

/** Ends an answer where the positions of the model end, rather than failing with what was written. */
export class PositionCriteria extends StoppingCriteria {
  readonly #cache: SequenceCaches;

  constructor(cache: SequenceCaches) {
    super();
    this.#cache = cache;
  }

  override _call(inputIds: number[][]): boolean[] {
    return inputIds.map(() => !this.#cache.hasRoom);
  }
}
