import type {
  CacheShape,
  CacheView,
  EvictionPolicy,
  KeptSlots,
  KVCache,
  PolicyState,
} from '@namm/kv-cache';
import { mean } from '@namm/statistics';

/**
 * What policies would have kept of a text that a cache reads once for all of them and forgets nothing of. After each pass
 * every policy chooses among the rows that it still had, by its own rules, from what the whole cache has seen.
 *
 * It is what the policy does when it reads by itself, but for one thing: keys, values and attention are those of a
 * model that still sees what the policy has dropped. Until something is dropped it is the same to the last bit.
 */
export class Rehearsal {
  /** Give it to the cache that reads. One rehearsal serves one cache. */
  readonly policy: EvictionPolicy;
  readonly #roles: readonly Role[];

  /**
   * @param reader remembers what the policies do, and keeps everything
   * @param policies each takes over from the reader, or remembers nothing that is not in the rows
   */
  constructor(reader: EvictionPolicy, policies: readonly EvictionPolicy[]) {
    this.#roles = policies.map((policy) => new Role(policy));
    this.policy = {
      ...reader,
      start: (shape) => this.#stateOf(reader.start(shape)),
      restore() {
        throw new Error('a rehearsal is not restored');
      },
    };
  }

  /** Rows kept over tokens seen, mean over heads, on average over the decisions so far; null for a policy without any. */
  get keptShares(): (number | null)[] {
    return this.#roles.map(({ shares }) => (shares.length === 0 ? null : mean(shares)));
  }

  /** The caches that the policies have come to, one each, to go on from; rows that nobody has dropped are shared. */
  cachesOf(whole: KVCache): KVCache[] {
    return this.#roles.map((role) => role.cacheOf(whole));
  }

  #stateOf(reader: PolicyState): RehearsalState {
    return {
      reader,
      get bytes() {
        return reader.bytes;
      },
      observe: (layer, observation) => reader.observe(layer, observation),
      ...(reader.spectrumFeeds && {
        spectrumFeeds: (queries: number) => reader.spectrumFeeds!(queries),
      }),
      select: async (view) => {
        for (const role of this.#roles) await role.choose(view, reader);
        return view.shape.layers.map(() => null);
      },
      retain: (kept) => reader.retain(kept),
      fork() {
        throw new Error('a rehearsal is not forked');
      },
      save() {
        throw new Error('a rehearsal is not saved');
      },
      release: () => reader.release?.(),
    };
  }
}

interface RehearsalState extends PolicyState {
  readonly reader: PolicyState;
}

/** One policy of a rehearsal. */
class Role {
  readonly shares: number[] = [];
  readonly #policy: EvictionPolicy;
  /** Tokens that it holds, per layer and head, ascending; all that it has not chosen among yet come on top. */
  #held: readonly (readonly Int32Array[])[] | null = null;
  #chosenAt = 0;

  constructor(policy: EvictionPolicy) {
    this.#policy = policy;
  }

  async choose(view: CacheView, reader: PolicyState): Promise<void> {
    if (this.#policy.keepsEverything) {
      this.shares.push(1);
      return;
    }
    const slots = this.#slotsIn(view);
    const state = this.#begin(view.shape, reader);
    state.retain(slots);
    const own = new PartialView(view, slots);
    const kept = await state.select(own);
    state.release?.();
    this.#held = slots.map((heads, layer) =>
      heads.map((_, head) => {
        const tokens = own.tokens(layer, head);
        const chosen = kept[layer]?.[head];
        return chosen ? gather(tokens, chosen, 1) : tokens;
      }),
    );
    this.#chosenAt = view.seen;
    if (view.seen % (this.#policy.updateInterval ?? 1) !== 0) return;
    const heads = this.#held.flat();
    this.shares.push(mean(heads.map(({ length }) => length)) / view.seen);
  }

  cacheOf(whole: KVCache): KVCache {
    const cache = whole.fork({
      ...this.#policy,
      takeOver: (shape, state) => this.#begin(shape, (state as RehearsalState).reader),
    });
    const slots = this.#slotsIn(whole);
    cache.keep(
      slots.map((heads, layer) =>
        heads.every((own, head) => own.length === whole.length(layer, head)) ? null : heads,
      ),
    );
    return cache;
  }

  #begin(shape: CacheShape, reader: PolicyState): PolicyState {
    return this.#policy.takeOver?.(shape, reader) ?? this.#policy.start(shape);
  }

  /** Where the rows that it may still choose among lie in the whole cache, which may have lost some to sliding windows. */
  #slotsIn(view: CacheView): KeptSlots[] {
    return view.shape.layers.map(({ keyValueHeads }, layer) =>
      Array.from({ length: keyValueHeads }, (_, head) => {
        const tokens = view.tokens(layer, head);
        const held = this.#held?.[layer]?.[head];
        const slots = new Uint32Array(tokens.length);
        let [count, next] = [0, 0];
        for (let slot = 0; slot < tokens.length; slot++) {
          const token = tokens[slot]!;
          while (held && next < held.length && held[next]! < token) next++;
          if (token >= this.#chosenAt || held?.[next] === token) slots[count++] = slot;
        }
        return slots.subarray(0, count);
      }),
    );
  }
}

/** A cache as it would look if its heads held some of their rows only. */
class PartialView implements CacheView {
  readonly #whole: CacheView;
  readonly #slots: readonly KeptSlots[];

  constructor(whole: CacheView, slots: readonly KeptSlots[]) {
    this.#whole = whole;
    this.#slots = slots;
  }

  get shape(): CacheShape {
    return this.#whole.shape;
  }

  get seen(): number {
    return this.#whole.seen;
  }

  get nextPosition(): number {
    return this.#whole.nextPosition;
  }

  length(layer: number, head: number): number {
    return this.#slots[layer]![head]!.length;
  }

  keys(layer: number, head: number, first = 0): Float32Array {
    const { headSize } = this.shape.layers[layer]!;
    return gather(this.#whole.keys(layer, head), this.#slotsOf(layer, head, first), headSize);
  }

  values(layer: number, head: number, first = 0): Float32Array {
    const { headSize } = this.shape.layers[layer]!;
    return gather(this.#whole.values(layer, head), this.#slotsOf(layer, head, first), headSize);
  }

  positions(layer: number, head: number): Int32Array {
    return gather(this.#whole.positions(layer, head), this.#slotsOf(layer, head), 1);
  }

  tokens(layer: number, head: number): Int32Array {
    return gather(this.#whole.tokens(layer, head), this.#slotsOf(layer, head), 1);
  }

  #slotsOf(layer: number, head: number, first = 0): Uint32Array {
    return this.#slots[layer]![head]!.subarray(first);
  }
}

/** Some rows of `[rows, size]`, as a copy. */
function gather<T extends Float32Array | Int32Array>(rows: T, slots: Uint32Array, size: number): T {
  const result = new (rows.constructor as new (length: number) => T)(slots.length * size);
  for (const [i, slot] of slots.entries()) {
    if (size === 1) result[i] = rows[slot]!;
    else result.set(rows.subarray(slot * size, (slot + 1) * size), i * size);
  }
  return result;
}
