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
     * Size of the row buffers: keys, values and positions with their unused ends. Buffers that a fork
     * still shares count in full in each cache.
     */
    readonly allocated: number;
    /** Keys and values of the rows held: `rows × 2 × headSize × 4`. */
    readonly used: number;
    /** Positions of the rows held: `rows × 4`. */
    readonly positions: number;
    /** State of the eviction policy for the rows held. */
    readonly policy: number;
  };
}
