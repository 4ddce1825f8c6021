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
     * Size of the row buffers that only this cache uses: keys, values and positions, including unused ends. Includes
     * the arrays of layers without rows, even if a fork still shares them.
     */
    readonly allocated: number;
    /** Size of the row buffers that it shares with forks, in full. */
    readonly shared: number;
    /**
     * Its part of `shared`: the size of each buffer divided by the number of caches that share it. So
     * `allocated + sharedPart`, summed over a cache and all its forks, counts every buffer once. A fork counts until it
     * is released or garbage-collected.
     */
    readonly sharedPart: number;
    /**
     * Keys and values of the rows held: `rows × 2 × headSize × 4` in float32. Includes the scales of int8 rows and the
     * arrays of layers without rows.
     */
    readonly used: number;
    /** Positions of the rows held: `rows × 4`, or twice that with compact positions, which also store token numbers. */
    readonly positions: number;
    /** State of the eviction policy for the rows held. */
    readonly policy: number;
  };
}
