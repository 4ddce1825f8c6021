/** The keys and values of some rows, each `[rows, headSize]`. */
export interface KeysAndValues {
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/** The rows of one head in order, in at most two pieces; see {@link KVCache.segments}. */
export interface Segments {
  /** Rows that forks read too, before all others; empty without forks. */
  readonly shared: KeysAndValues;
  readonly own: KeysAndValues;
}
