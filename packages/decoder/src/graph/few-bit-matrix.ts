import type { Value } from '@namm/onnx';

/** A matrix `[outputs, inputs]` in few bits: number = scale · (code − 2^(bits − 1)) + offset, by groups of a row. */
export interface FewBitMatrix {
  readonly outputs: number;
  readonly inputs: number;
  readonly bits: 4 | 8;
  readonly groupSize: number;
  /** uint8 `[outputs, groups, groupSize · bits / 8]`; of two codes in a byte the first is in the low bits. */
  readonly codes: Value;
  /** float32 `[outputs, groups]`. */
  readonly scales: Value;
  /** float32 `[outputs, groups]`, or null where all are 0. */
  readonly offsets: Value | null;
}
