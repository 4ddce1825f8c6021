import type { EvictionPolicy, KVCache, SequenceModel } from '@namm/kv-cache';

/** What of a model a fit needs; loaded with the probe `columnMaxima`. */
export type TaughtModel = Pick<
  SequenceModel<KVCache, EvictionPolicy>,
  'step' | 'probe' | 'createCache' | 'cacheShape'
>;
