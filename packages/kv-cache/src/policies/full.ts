import type { EvictionPolicy, PolicyState } from '../contracts/eviction-policy.js';
import { SavedStateReader } from '../saved-state-reader.js';

/**
 * Keeps every token: the full cache, the baseline for every other policy.
 *
 * @example
 * ```ts
 * const cache = new KVCache(shape, { policy: full() });
 * ```
 */
export function full(): EvictionPolicy {
  const policy: EvictionPolicy = {
    name: 'full',
    settings: {},
    probe: { kind: 'none' },
    keepsEverything: true,
    start(shape) {
      const nothing = shape.layers.map(() => null);
      const state: PolicyState = {
        bytes: 0,
        observe() {},
        select: async () => nothing,
        retain() {},
        fork: () => state, // there is nothing to remember
        save: () => new Map(),
      };
      return state;
    },
    restore(shape, saved) {
      new SavedStateReader(saved).end();
      return policy.start(shape);
    },
    takeOver: (shape) => policy.start(shape),
  };
  return policy;
}
