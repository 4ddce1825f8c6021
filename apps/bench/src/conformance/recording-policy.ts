import type { EvictionPolicy, Observation } from '@namm/kv-cache';

/**
 * A policy that evicts nothing and passes on all attention it is shown: how a check looks into a decoder
 * through its public interface.
 *
 * @param observe called per layer and forward pass
 */
export function recordingPolicy(
  observe: (layer: number, observation: Observation) => void,
): EvictionPolicy {
  const state = {
    observe,
    select: async (view: { shape: { layers: readonly unknown[] } }) =>
      view.shape.layers.map(() => null),
    compact: () => {},
    fork: () => state,
    bytes: 0,
  };
  return {
    name: 'recording',
    // More rows than any fixture has queries: all of them.
    probe: { kind: 'lastQueries', count: 4096 },
    start: () => state,
  };
}
