import { NammError } from '@namm/core';
import type { EvictionPolicy, PolicyState } from '@namm/kv-cache';
import { PolicyModuleError } from './worker-errors.js';
import type { WorkerPolicy } from './worker-policy.js';

/** Runs a method of the user's code. */
type Call = <Result>(method: string, work: () => Result) => Result;

/** The states behind guards, for policies that take over each other's. */
const originals = new WeakMap<PolicyState, PolicyState>();

/**
 * A policy from a module, whose failures in the middle of a run say where they come from: a run of hours, or a server, would
 * otherwise end with no more than "cannot read properties of undefined".
 *
 * @param policy that the module made
 * @param from the data that names it
 * @returns the same policy, which throws a {@link PolicyModuleError} where its code throws anything but a {@link NammError}
 */
export function guardPolicy(policy: EvictionPolicy, from: WorkerPolicy): EvictionPolicy {
  const { name, settings, probe, keepsEverything, hasBudget, updateInterval } = policy;
  const fail = (method: string, cause: unknown): never => {
    if (NammError.isInstance(cause)) throw cause;
    throw PolicyModuleError.failedIn(from, method, cause);
  };
  const call: Call = (method, work) => {
    try {
      const result = work();
      if (!(result instanceof Promise)) return result;
      return result.catch((cause) => fail(method, cause)) as typeof result;
    } catch (cause) {
      return fail(method, cause);
    }
  };
  const guard = (method: string, make: () => PolicyState) => guardState(call(method, make), call);
  return {
    ...{ name, settings, probe },
    ...(keepsEverything !== undefined && { keepsEverything }),
    ...(hasBudget !== undefined && { hasBudget }),
    ...(updateInterval !== undefined && { updateInterval }),
    start: (shape) => guard('start', () => policy.start(shape)),
    restore: (shape, saved) => guard('restore', () => policy.restore(shape, saved)),
    ...(policy.takeOver && {
      takeOver: (shape, state) =>
        guard('takeOver', () => policy.takeOver!(shape, originals.get(state) ?? state)),
    }),
  };
}

function guardState(state: PolicyState, call: Call): PolicyState {
  // What is not a state is refused by the cache, which says what it lacks.
  const isWhole = (['observe', 'select', 'retain'] as const).every(
    (name) => typeof state?.[name] === 'function',
  );
  if (!isWhole) return state;
  const guarded: PolicyState = {
    observe: (layer, observation) => call('observe', () => state.observe(layer, observation)),
    ...(state.spectrumFeeds && {
      spectrumFeeds: (queries) => call('spectrumFeeds', () => state.spectrumFeeds!(queries)),
    }),
    select: (view, onScores) => call('select', () => state.select(view, onScores)),
    retain: (kept) => call('retain', () => state.retain(kept)),
    fork: () =>
      guardState(
        call('fork', () => state.fork()),
        call,
      ),
    save: () => call('save', () => state.save()),
    get bytes() {
      return call('bytes', () => state.bytes);
    },
    ...(state.release && { release: () => call('release', () => state.release!()) }),
  };
  originals.set(guarded, state);
  return guarded;
}
