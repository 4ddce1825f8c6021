/** What a cache holds and what that costs; see {@link KVCache.memory}. */
export interface CacheMemory {
  /** Tokens of the sequence so far, evicted ones included. */
  readonly seen: number;
  /** Rows held, summed over layers and KV heads. */
  readonly rows: number;
  /** Rows held per layer and KV head. */
  readonly keptPerHead: readonly (readonly number[])[];
  readonly bytes: {
    /**
     * Size of the row buffers that only this cache has: keys, values and positions with their unused ends. With what
     * layers without rows keep, also where a fork still has the same.
     */
    readonly allocated: number;
    /** Size of the row buffers that it shares with forks, in full. */
    readonly shared: number;
    /**
     * Its part of `shared`: each buffer divided by the number of caches that share it. So
     * `allocated + sharedPart`, summed over a cache and all its forks, counts every buffer once. A fork counts
     * until it is released, or else until it is collected as garbage.
     */
    readonly sharedPart: number;
    /**
     * Keys and values of the rows held: in float32 `rows × 2 × headSize × 4`; with the scales of integers, and with what
     * layers without rows keep.
     */
    readonly used: number;
    /** Positions of the rows held: `rows × 4`, or twice that when they are compact and tokens are noted too. */
    readonly positions: number;
    /** State of the eviction policy for the rows held. */
    readonly policy: number;
  };
}
