import { blockParts, quantiseGroups, splitBlocks } from '@namm/tensors';
import { isAllFinite } from '../is-all-finite.js';
import type { LinearSpec } from '../spec/decoder-spec.js';
import { readRows } from './read-rows.js';
import { decodeFloats, readWeightFloats } from './read-weight-floats.js';
import type { Weight } from './weight.js';
import type { WeightDtype } from './weight-dtype.js';

/** What a matrix becomes in few bits. */
export interface FewBitPlan {
  readonly bits: 4 | 8;
  readonly groupSize: number;
  readonly hasOffsets: boolean;
}

/** A matrix `[outputs, inputs]`: number = scale · (code − 2^(bits − 1)) + offset, by groups of a row. */
export interface FewBits {
  /** Of two codes in a byte the first is in the low bits. */
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  /** Empty where the plan has none. */
  readonly offsets: Float32Array;
}

/** Groups that numbers are rounded in: the size that is fast and whose scales cost one bit a number. */
const roundedGroup = 32;

/**
 * How a matrix is held in few bits; null when it stays float32.
 *
 * @param weight as it is stored
 * @param dtype what was asked for
 * @param inputs of the matrix: the length of its rows in the graph
 * @param isTable whether it is an embedding or a head, which 4 bits would hurt: they get 8
 */
export function planFewBits(
  weight: Weight,
  dtype: WeightDtype,
  inputs: number,
  isTable: boolean,
): FewBitPlan | null {
  if (dtype === 'fp32') return null;
  const parts = blockParts(weight.format);
  const bits = dtype === 'q4' && !isTable ? 4 : 8;
  if (parts && (dtype === 'auto' || parts.bits <= bits)) {
    return { bits: parts.bits, groupSize: parts.groupSize, hasOffsets: parts.hasOffsets };
  }
  if (dtype === 'auto' || inputs % roundedGroup !== 0) return null;
  return { bits, groupSize: roundedGroup, hasOffsets: false };
}

/** Whether matrices of two plans can be held as one. */
export function isSamePlan(a: FewBitPlan, b: FewBitPlan): boolean {
  return a.bits === b.bits && a.groupSize === b.groupSize && a.hasOffsets === b.hasOffsets;
}

/** A matrix as it is stored; blocks are always by outputs. */
export interface StoredMatrix {
  readonly weight: Weight;
  readonly layout: LinearSpec['layout'];
}

/**
 * Matrices in few bits, one below the other; files are read by pieces.
 *
 * @param matrices of equal rows
 * @param plan for all of them
 * @param refuse called with a weight that holds NaN or infinity
 * @throws {FileFormatError} when a file cannot be read any more, or has become shorter
 */
export async function readFewBits(
  matrices: readonly StoredMatrix[],
  plan: FewBitPlan,
  refuse: (weight: Weight) => never,
): Promise<FewBits> {
  const { bits, groupSize, hasOffsets } = plan;
  const counts = matrices.map(({ weight }) => weight.shape.reduce((product, n) => product * n, 1));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const all = {
    codes: new Uint8Array((total * bits) / 8),
    scales: new Float32Array(total / groupSize),
    offsets: new Float32Array(hasOffsets ? total / groupSize : 0),
  };
  let start = 0;
  for (const [i, matrix] of matrices.entries()) {
    const end = start + counts[i]!;
    const scales = all.scales.subarray(start / groupSize, end / groupSize);
    const offsets = all.offsets.subarray(start / groupSize, end / groupSize);
    const codes = all.codes.subarray((start * bits) / 8, (end * bits) / 8);
    await readMatrix(matrix, plan, { codes, scales, offsets });
    // A number that is not finite makes the scale of its group so.
    if (!isAllFinite(scales) || !isAllFinite(offsets)) refuse(matrix.weight);
    start = end;
  }
  return all;
}

async function readMatrix(
  { weight, layout }: StoredMatrix,
  plan: FewBitPlan,
  { codes, scales, offsets }: FewBits,
): Promise<void> {
  const { format, shape } = weight;
  const { bits, groupSize } = plan;
  let scratch = new Uint8Array(0);
  /** Calls `fill` for the codes, scales and offsets of so many numbers from number `start` on. */
  const put = (
    start: number,
    length: number,
    fill: (codes: Uint8Array, scales: Float32Array, offsets: Float32Array) => void,
  ) => {
    if (bits === 4 && scratch.length < length) scratch = new Uint8Array(length);
    const each = bits === 8 ? codes.subarray(start, start + length) : scratch.subarray(0, length);
    const [from, to] = [start / groupSize, (start + length) / groupSize];
    fill(each, scales.subarray(from, to), offsets.subarray(from, to));
    if (bits === 4) pack(each, codes, start / 2);
  };
  if (layout === 'inputs-first') {
    const numbers = transposed(await readWeightFloats(weight), shape[0]!);
    put(0, numbers.length, (codes, scales) => {
      quantiseGroups(numbers, bits, groupSize, { codes, scales });
    });
    return;
  }
  const rowLength = shape[1]!;
  const parts = blockParts(format);
  await readRows(weight, (bytes, first, rows) => {
    const length = rows * rowLength;
    put(first * rowLength, length, (codes, scales, offsets) => {
      // Blocks that are as the plan wants them are taken as they are; other numbers are rounded.
      if (parts && isSamePlan(parts, plan)) {
        splitBlocks(format, bytes, { codes, scales, offsets });
        centre(parts.zero, bits, codes, scales, offsets);
        return;
      }
      const numbers = new Float32Array(length);
      decodeFloats(format, bytes, numbers);
      quantiseGroups(numbers, bits, groupSize, { codes, scales });
    });
  });
}

/** Moves codes so that half of their range stands for 0: what the kernel subtracts without a zero point. */
function centre(
  zero: number,
  bits: 4 | 8,
  codes: Uint8Array,
  scales: Float32Array,
  offsets: Float32Array,
): void {
  const shift = 2 ** (bits - 1) - zero;
  if (shift === 0) return;
  // Codes of Q4_1 and Q4_K fill their range: their offsets move instead, rounded once. Besides, inputs that are
  // rounded to 8 bits do less harm to products with small codes of both signs.
  if (bits === 4 && offsets.length > 0) {
    for (let i = 0; i < scales.length; i++) offsets[i]! += shift * scales[i]!;
    return;
  }
  for (let i = 0; i < codes.length; i++) codes[i]! += shift;
}

function pack(codes: Uint8Array, out: Uint8Array, at: number): void {
  for (let i = 0, to = at; i < codes.length; i += 2, to++) {
    out[to] = codes[i]! | (codes[i + 1]! << 4);
  }
}

/** @param rows of the matrix that goes in */
function transposed(numbers: Float32Array, rows: number): Float32Array {
  const columns = numbers.length / rows;
  const result = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < columns; c++) result[c * rows + row] = numbers[row * columns + c]!;
  }
  return result;
}
