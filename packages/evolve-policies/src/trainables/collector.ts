import type { Normaliser, NormaliserScope } from '@namm/features';
import type { EvictionPolicy } from '@namm/kv-cache';

/** Measures, under the full cache, what a trainable's features are normalised with. */
export interface Collector {
  /** Keeps everything; feed caches of it. */
  readonly policy: EvictionPolicy;
  /** @throws {InvalidArgumentError} when too little was fed */
  normaliser(scope: NormaliserScope): Normaliser;
}
