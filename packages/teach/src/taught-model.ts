import type { EvictionPolicy, KVCache, SequenceModel } from '@namm/kv-cache';

/** The part of a model that a fit needs; loaded with the probe `columnMaxima`. */
export type TaughtModel = Pick<
  SequenceModel<KVCache, EvictionPolicy>,
  'step' | 'probe' | 'createCache' | 'cacheShape'
>;
