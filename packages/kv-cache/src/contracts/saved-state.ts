/** Arrays that a state is made of. */
export type StateArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** One tensor of a state. */
export interface StateTensor {
  /** Row-major dimensions. */
  readonly shape: readonly number[];
  readonly data: StateArray;
  /** `F16` for a Uint16Array that holds half-precision numbers. */
  readonly dtype?: 'F16';
}

/** Everything that a policy remembers of a sequence, as named tensors: plain data, stored in a cache's file. */
export type SavedState = ReadonlyMap<string, StateTensor>;
