import { type CacheMemory, type KVCache, keptShare } from '@namm/kv-cache';
import { mean } from '@namm/statistics';

/** What a cache held while a sample was read and answered. */
export interface SampleMemory {
  /** When the questions are asked, including the tokens since the last update. */
  readonly atAnswer: CacheMemory;
  /** Peak bytes of keys and values, measured before the eviction that ends a pass. */
  readonly peakBytes: number;
  /** Means over the updates, right after each; as at the answers when there was none. */
  readonly average: {
    /** Rows held over tokens seen, mean over heads. */
    readonly keptShare: number;
    /** Keys and values, in bytes. */
    readonly bytes: number;
  };
}

/** Looks at a cache after each pass, and remembers what it held. */
export class MemoryWatch {
  readonly #cache: KVCache;
  /** Keys and values of one token in all heads. */
  readonly #bytesPerToken: number;
  readonly #shares: number[] = [];
  readonly #bytes: number[] = [];
  #last: CacheMemory;
  #peak: number;

  /**
   * @param cache empty; or as it is at its policy's first update, after which it was not looked at: until then
   *   it held everything
   */
  constructor(cache: KVCache) {
    this.#cache = cache;
    const { layers } = cache.shape;
    this.#bytesPerToken = layers.reduce(
      (sum, { keyValueHeads, headSize }) => sum + keyValueHeads * headSize * 2 * 4,
      0,
    );
    this.#last = cache.memory();
    this.#peak = cache.seen * this.#bytesPerToken;
    if (cache.seen > 0) this.#note();
  }

  /** To be called after each pass; nothing is done when the cache has seen nothing since. */
  look(): void {
    const { seen } = this.#cache;
    const added = seen - this.#last.seen;
    if (added === 0) return;
    this.#peak = Math.max(this.#peak, this.#last.bytes.used + added * this.#bytesPerToken);
    this.#last = this.#cache.memory();
    this.#note();
  }

  #note(): void {
    if (this.#cache.seen % (this.#cache.policy.updateInterval ?? 1) !== 0) return;
    this.#shares.push(keptShare(this.#last));
    this.#bytes.push(this.#last.bytes.used);
  }

  summary(atAnswer: CacheMemory): SampleMemory {
    const hasUpdates = this.#shares.length > 0;
    return {
      atAnswer,
      peakBytes: this.#peak,
      average: {
        keptShare: hasUpdates ? mean(this.#shares) : keptShare(atAnswer),
        bytes: hasUpdates ? mean(this.#bytes) : atAnswer.bytes.used,
      },
    };
  }
}
