import { InvalidArgumentError } from '@namm/core';
import type { CacheShape } from './contracts/cache-shape.js';
import type { EvictionPolicy, KeptSlots, PolicyState } from './contracts/eviction-policy.js';
import type { AttentionProbe, Observation, Probe } from './contracts/probe.js';
import type { KVCache } from './kv-cache.js';
import { partsOfProbe } from './parts-of-probe.js';
import { full } from './policies/full.js';
import { startPolicy } from './start-policy.js';

/** What one of several onlookers has chosen. */
export interface OnlookersChoice {
  /** What it kept, which from here on loses nothing. */
  readonly cache: KVCache;
  /** Bytes that it had remembered of the whole cache, as it chose. */
  readonly stateBytes: number;
}

/**
 * Policies that look on while one cache is read in full, each with a state of its own. Behind the reading, each can
 * choose once, from a copy, what it would have kept had it read alone and waited until there.
 *
 * @example
 * ```ts
 * const onlookers = new Onlookers([snapKV({ budget: '25%' }), h2o({ budget: '25%' })]);
 * const cache = decoder.createCache({ policy: onlookers.policy }); // a decoder with its probe
 * await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
 * const { cache: kept } = await onlookers.choose(0, cache); // by SnapKV; `cache` is unchanged
 * ```
 */
export class Onlookers {
  /** Keeps everything, and shows each policy what it asks for: its probe is `several` where these differ. */
  readonly policy: EvictionPolicy;
  readonly #policies: readonly EvictionPolicy[];

  /** @throws {InvalidArgumentError} for a policy that {@link canLookOn} is false of */
  constructor(policies: readonly EvictionPolicy[]) {
    const unfit = policies.findIndex((each) => !canLookOn(each));
    if (unfit >= 0) {
      const problem = `'${policies[unfit]!.name}' chooses at intervals of its own, or wants a spectrum`;
      throw new InvalidArgumentError(`policies[${unfit}]`, problem);
    }
    this.#policies = policies;
    const parts = joinedParts(policies);
    this.policy = {
      name: 'onlookers',
      settings: { policies: policies.map(({ name, settings }) => ({ name, settings })) },
      probe: parts.length > 1 ? { kind: 'several', probes: parts } : (parts[0] ?? { kind: 'none' }),
      start: (shape) => {
        const states = policies.map((each) => startPolicy(each, shape));
        return new OnlookersState(policies, states, shape);
      },
      restore: () => {
        throw new InvalidArgumentError(
          'policy',
          'onlookers cannot be saved; save what they choose',
        );
      },
    };
  }

  /**
   * Cuts a copy of a cache to what one of the policies chooses now.
   *
   * @param index of the policy
   * @param cache under {@link policy}
   * @throws {InvalidArgumentError} when the cache is not
   * @throws {InvalidSelectionError} when the policy chooses slots that cannot be kept; or whatever it throws
   */
  async choose(index: number, cache: KVCache): Promise<OnlookersChoice> {
    let stateBytes = 0;
    const policy: EvictionPolicy = {
      ...this.#policies[index]!,
      takeOver(_, state) {
        if (!(state instanceof OnlookersState)) {
          throw new InvalidArgumentError(
            'cache',
            `is under '${cache.policy.name}', not 'onlookers'`,
          );
        }
        const own = state.states[index]!.fork();
        stateBytes = own.bytes;
        return own;
      },
    };
    const chosen = policy.keepsEverything ? cache.fork(policy) : await cache.copyUnder(policy);
    const result = chosen.fork(full());
    await chosen.release();
    return { cache: result, stateBytes };
  }
}

/** Whether a policy chooses whenever it is asked, and can be shown what it asks for beside others. */
export function canLookOn({ updateInterval, probe }: EvictionPolicy): boolean {
  return updateInterval === undefined && probe.kind !== 'spectrum';
}

/** What all policies ask for, each kind once; of `lastQueries`, the most that anyone wants. */
function joinedParts(policies: readonly EvictionPolicy[]): AttentionProbe[] {
  const byKind = new Map<Probe['kind'], AttentionProbe>();
  for (const part of policies.flatMap(({ probe }) => partsOfProbe(probe))) {
    const known = byKind.get(part.kind);
    const isMore =
      part.kind === 'lastQueries' && known?.kind === 'lastQueries' && part.count > known.count;
    if (known === undefined || isMore) byKind.set(part.kind, part as AttentionProbe);
  }
  return [...byKind.values()];
}

/** The states of all policies. Its bytes are 0: each is alone with its own, see {@link OnlookersChoice.stateBytes}. */
class OnlookersState implements PolicyState {
  readonly bytes = 0;
  readonly states: readonly PolicyState[];
  readonly #policies: readonly EvictionPolicy[];
  readonly #shape: CacheShape;

  constructor(
    policies: readonly EvictionPolicy[],
    states: readonly PolicyState[],
    shape: CacheShape,
  ) {
    this.#policies = policies;
    this.states = states;
    this.#shape = shape;
  }

  observe(layer: number, observation: Observation): void {
    const heads = this.#shape.layers[layer]!;
    const group = heads.queryHeads / heads.keyValueHeads;
    for (const [i, { probe }] of this.#policies.entries()) {
      for (const wanted of partsOfProbe(probe)) {
        if (wanted.kind !== observation.kind) continue;
        this.states[i]!.observe(layer, asWanted(observation, wanted, group));
      }
    }
  }

  async select(): Promise<readonly null[]> {
    return this.#shape.layers.map(() => null);
  }

  retain(kept: readonly (KeptSlots | null)[]): void {
    for (const state of this.states) state.retain(kept);
  }

  fork(): PolicyState {
    const states = this.states.map((state) => state.fork());
    return new OnlookersState(this.#policies, states, this.#shape);
  }

  save(): never {
    throw new InvalidArgumentError('policy', 'onlookers cannot be saved; save what they choose');
  }

  release(): void {
    for (const state of this.states) state.release?.();
  }
}

/** Fewer of the last queries, where a policy wants fewer than another. */
function asWanted(observation: Observation, wanted: Probe, group: number): Observation {
  if (observation.kind !== 'lastQueries' || wanted.kind !== 'lastQueries') return observation;
  const rows = Math.min(wanted.count, observation.rows);
  if (rows === observation.rows) return observation;
  const heads = observation.heads.map((all) => {
    const slots = all.length / (group * observation.rows);
    const last = new Float32Array(group * rows * slots);
    for (let query = 0; query < group; query++) {
      const end = (query + 1) * observation.rows * slots;
      last.set(all.subarray(end - rows * slots, end), query * rows * slots);
    }
    return last;
  });
  return { kind: 'lastQueries', rows, heads };
}
