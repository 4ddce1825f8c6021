export type { CacheShape, LayerShape } from './cache-shape.js';
export type {
  CacheView,
  EvictionPolicy,
  FloatArray,
  KeptSlots,
  Observation,
  PolicyState,
  Probe,
} from './eviction-policy.js';
