import type { CacheView, EvictionPolicy, GivenCounts, PolicyState } from '@namm/kv-cache';

/**
 * The same policy, which writes down how many rows each head holds after every update.
 *
 * @param counts where to, one entry per update
 */
export function countingPolicy(policy: EvictionPolicy, counts: GivenCounts[]): EvictionPolicy {
  const interval = policy.updateInterval ?? 1;
  const counting = (state: PolicyState): PolicyState => ({
    get bytes() {
      return state.bytes;
    },
    observe: (layer, observation) => state.observe(layer, observation),
    ...(state.spectrumFeeds && {
      spectrumFeeds: (queries: number) => state.spectrumFeeds!(queries),
    }),
    async select(view, onScores) {
      const kept = await state.select(view, onScores);
      if (view.seen % interval === 0) {
        counts.push({ seen: view.seen, counts: lengthsAfter(view, kept) });
      }
      return kept;
    },
    retain: (kept) => state.retain(kept),
    fork: () => counting(state.fork()),
    save: () => state.save(),
  });
  return {
    ...policy,
    start: (shape) => counting(policy.start(shape)),
    restore: (shape, saved) => counting(policy.restore(shape, saved)),
  };
}

function lengthsAfter(
  view: CacheView,
  kept: Awaited<ReturnType<PolicyState['select']>>,
): number[][] {
  return view.shape.layers.map(({ keyValueHeads }, layer) =>
    Array.from(
      { length: keyValueHeads },
      (_, head) => kept[layer]?.[head]?.length ?? view.length(layer, head),
    ),
  );
}
