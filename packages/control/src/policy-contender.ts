import type { EvictionPolicy } from '@namm/kv-cache';
import type { MemoryContender } from './memory-contender.js';

/**
 * An eviction policy as a contender, the same for every episode.
 *
 * @param name of its row
 *
 * @example
 * ```ts
 * const contender = policyContender(h2o({ budget: 60 }));
 * ```
 */
export function policyContender(policy: EvictionPolicy, name = policy.name): MemoryContender {
  const { settings, probe } = policy;
  return { name, settings, probe, window: null, policy: () => policy };
}
