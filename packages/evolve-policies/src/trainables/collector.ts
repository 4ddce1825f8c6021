import type { Normaliser } from '@namm/features';
import type { EvictionPolicy } from '@namm/kv-cache';

/** `bin`: one mean and variance per feature for all heads, as published; `head`: each head its own. */
export type NormaliserKind = 'bin' | 'head';

/** All kinds of normaliser. */
export const normaliserKinds: readonly NormaliserKind[] = ['bin', 'head'];

/** Measures, under the full cache, what a trainable's features are normalised with. */
export interface Collector {
  /** Keeps everything; feed caches of it. */
  readonly policy: EvictionPolicy;
  /** @throws {InvalidArgumentError} when too little was fed */
  normaliser(kind: NormaliserKind): Normaliser;
}
