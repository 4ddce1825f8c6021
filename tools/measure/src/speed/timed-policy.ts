import type { EvictionPolicy, PolicyState } from '@namm/kv-cache';

/**
 * A policy that keeps the same rows, and how long it has taken: what it observes, chooses and drops of its own state, but
 * not the rows that the cache then moves.
 */
export function timedPolicy(policy: EvictionPolicy): {
  readonly policy: EvictionPolicy;
  /** Wall-clock seconds so far, in all sequences. */
  seconds(): number;
} {
  let milliseconds = 0;
  const timed = (state: PolicyState): PolicyState => {
    function measure<Args extends unknown[], Result>(work: (...args: Args) => Result) {
      return (...args: Args): Result => {
        const start = performance.now();
        const result = work.apply(state, args);
        milliseconds += performance.now() - start;
        return result;
      };
    }
    const { spectrumFeeds, release } = state;
    return {
      observe: measure(state.observe),
      async select(view, onScores) {
        const start = performance.now();
        const kept = await state.select(view, onScores);
        milliseconds += performance.now() - start;
        return kept;
      },
      retain: measure(state.retain),
      ...(spectrumFeeds && { spectrumFeeds: measure(spectrumFeeds) }),
      ...(release && { release: measure(release) }),
      fork: () => timed(state.fork()),
      save: () => state.save(),
      get bytes() {
        return state.bytes;
      },
    };
  };
  const { name, settings, probe, keepsEverything, hasBudget, updateInterval } = policy;
  return {
    seconds: () => milliseconds / 1000,
    policy: {
      ...{ name, settings, probe },
      ...(keepsEverything !== undefined && { keepsEverything }),
      ...(hasBudget !== undefined && { hasBudget }),
      ...(updateInterval !== undefined && { updateInterval }),
      start: (shape) => timed(policy.start(shape)),
      restore: (shape, saved) => timed(policy.restore(shape, saved)),
    },
  };
}
