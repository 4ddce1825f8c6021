/** Numbers by name, with their shapes: what a run saves beside its progress, and what slices of work carry along. */
export type NamedTensors = Readonly<Record<string, NamedTensor>>;

/** One of {@link NamedTensors}. */
export interface NamedTensor {
  /** Row-major dimensions. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}
