export { CacheBusyError, InvalidSelectionError } from './cache-errors.js';
export type { CacheMemory } from './cache-memory.js';
export type { CacheShape, LayerShape } from './cache-shape.js';
export type { CacheUpdate, LayerRows } from './cache-update.js';
export type {
  CacheView,
  EvictionPolicy,
  FloatArray,
  KeptSlots,
  Observation,
  PolicyState,
  Probe,
} from './eviction-policy.js';
export { full } from './full.js';
export { KVCache, type KVCacheOptions } from './kv-cache.js';
