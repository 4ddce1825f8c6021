import type { Dtype } from './dtype.js';

/** Where one tensor lies in a file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  /** Row-major dimensions; empty for a single number. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. Not necessarily aligned. */
  readonly offset: number;
  readonly byteLength: number;
}
