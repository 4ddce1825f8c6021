import {
  type EvictionPolicy,
  type Observation,
  type PolicyState,
  SavedStateReader,
} from '@namm/kv-cache';

/**
 * A policy that evicts nothing and passes on all attention it is shown: how a check looks into a decoder
 * through its public interface.
 *
 * @param observe called per layer and forward pass
 */
export function recordingPolicy(
  observe: (layer: number, observation: Observation) => void,
): EvictionPolicy {
  const state: PolicyState = {
    observe,
    select: async (view) => view.shape.layers.map(() => null),
    retain: () => {},
    fork: () => state,
    save: () => new Map(),
    bytes: 0,
  };
  const policy: EvictionPolicy = {
    name: 'recording',
    settings: {},
    // More rows than any fixture has queries: all of them.
    probe: { kind: 'lastQueries', count: 4096 },
    start: () => state,
    restore(_, saved) {
      new SavedStateReader(saved).end();
      return state;
    },
  };
  return policy;
}
