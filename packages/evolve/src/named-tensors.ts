/** Arrays by name, with their shapes: data that a run saves and every slice of work carries. */
export type NamedTensors = Readonly<Record<string, NamedTensor>>;

/** One of {@link NamedTensors}. */
export interface NamedTensor {
  /** Row-major dimensions. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}
