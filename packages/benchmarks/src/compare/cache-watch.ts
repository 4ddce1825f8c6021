import { type CacheMemory, type KVCache, rowBytes } from '@namm/kv-cache';

/** The cost of a cache over a sequence. */
export interface CacheCost {
  /**
   * The KV footprint of arXiv 2506.17121: entries that are not evicted, summed over the tokens of the sequence as each
   * goes through, over those of full causal attention. Tokens read and tokens written count alike.
   */
  readonly footprint: number;
  /** Most bytes at any moment: keys, values, positions and policy state, before the eviction that ends a pass. */
  readonly peakBytes: number;
}

/** Observes a cache after each pass, and sums up what it has held. */
export class CacheWatch {
  readonly #cache: KVCache;
  readonly #heads: number;
  readonly #bytesPerToken: number;
  #last: CacheMemory;
  #held = 0;
  #full = 0;
  #peak = 0;

  /** @param before watch of the cache that this one was forked from; omit it for an empty cache */
  constructor(cache: KVCache, before?: CacheWatch) {
    this.#cache = cache;
    const { layers } = cache.shape;
    this.#heads = layers.reduce((sum, { keyValueHeads }) => sum + keyValueHeads, 0);
    this.#bytesPerToken = layers.reduce(
      (sum, each) => sum + each.keyValueHeads * rowBytes(cache.shape, each),
      0,
    );
    this.#last = cache.memory();
    if (before === undefined) return;
    this.#held = before.#held;
    this.#full = before.#full;
    this.#peak = before.#peak;
  }

  /** Call it after each pass, and after an eviction without a pass. */
  look(): void {
    const before = this.#last;
    this.#last = this.#cache.memory();
    const added = this.#last.seen - before.seen;
    // Nothing goes before a pass ends, so each of its tokens has those before it in the pass beside it.
    const own = (this.#heads * added * (added + 1)) / 2;
    this.#held += added * before.rows + own;
    this.#full += added * this.#heads * before.seen + own;
    const policy = Math.max(before.bytes.policy, this.#last.bytes.policy);
    this.#note(before, added, policy);
  }

  /** Records a fork that has read this many further tokens. */
  lookAtFork(tokens: number): void {
    this.#note(this.#last, tokens, this.#last.bytes.policy);
  }

  /** Takes note of so many bytes that a policy remembers of the cache, and that the cache does not count. */
  lookAtState(bytes: number): void {
    this.#note(this.#last, 0, bytes);
  }

  #note({ bytes }: CacheMemory, added: number, policy: number): void {
    const all = bytes.used + bytes.positions + policy + added * this.#bytesPerToken;
    this.#peak = Math.max(this.#peak, all);
  }

  /** The cost so far. */
  cost(): CacheCost {
    const footprint = this.#full > 0 ? this.#held / this.#full : 1;
    return { footprint, peakBytes: this.#peak };
  }
}
