/** Keys or values of some rows as a cache holds them. */
export interface StoredRows {
  /** `[rows, headSize]`: numbers, the bits of float16, or integers from −127 to 127. */
  readonly numbers: Float32Array | Uint16Array | Int8Array;
  /** `[rows]`: what the integers of a row are multiplied by; empty where there are none. */
  readonly scales: Float32Array;
}

/** The keys and values of some rows. */
export interface KeysAndValues {
  readonly keys: StoredRows;
  readonly values: StoredRows;
}

/** The rows of one head in order, in at most two pieces; see {@link KVCache.segments}. */
export interface Segments {
  /** Rows that are shared with forks, before all others; empty without forks. */
  readonly shared: KeysAndValues;
  readonly own: KeysAndValues;
}
