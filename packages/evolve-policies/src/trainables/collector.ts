import type { Normaliser, NormaliserScope } from '@namm/features';
import type { EvictionPolicy } from '@namm/kv-cache';

/** Measures, under the full cache, the statistics that normalise a trainable's features. */
export interface Collector {
  /** Policy of the caches to measure on; it keeps everything. */
  readonly policy: EvictionPolicy;
  /** @throws {InvalidArgumentError} when too little was measured */
  normaliser(scope: NormaliserScope): Normaliser;
}
