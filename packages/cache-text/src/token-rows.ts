import { Tensor } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { DecoderInputError } from '@namm/decoder';

/** Real tokens of a batch, padding left out. */
export interface TokenRows {
  readonly rows: readonly number[][];
  /** Per row, which columns of the tensor its tokens came from. */
  readonly columns: readonly number[][];
  /** Columns of the tensor. */
  readonly width: number;
  /** Per row, the tokens that the mask counts before those of the ids; null when it covers only the ids. */
  readonly past: readonly number[] | null;
  /** Whether there is a mask. */
  readonly isMasked: boolean;
}

/**
 * Reads a batch of token ids, padded on either side. Where the mask is 0 there is no token.
 *
 * @param inputIds int64 `[batch, tokens]`
 * @param attentionMask int64 `[batch, past + tokens]`, or nothing when every token is real
 * @throws {InvalidArgumentError | DecoderInputError}
 */
export function readTokenRows(inputIds: unknown, attentionMask: unknown): TokenRows {
  const ids = matrix('input_ids', inputIds);
  const [batch, width] = ids.dims;
  if (batch === 0 || width === 0) {
    throw new DecoderInputError(
      'input_ids has no token; give at least one, such as the BOS token.',
    );
  }
  const mask = attentionMask == null ? null : matrix('attention_mask', attentionMask);
  const before = mask ? mask.dims[1] - width : 0;
  if (mask && (mask.dims[0] !== batch || before < 0)) {
    const problem = `[${mask.dims}] does not cover input_ids [${ids.dims}]`;
    throw new InvalidArgumentError('attention_mask', problem);
  }
  const columns = Array.from({ length: batch }, (_, row) => {
    const all = Array.from({ length: width }, (_, column) => column);
    return mask ? all.filter((column) => mask.at(row, before + column) !== 0) : all;
  });
  for (const [row, { length }] of columns.entries()) {
    if (length > 0) continue;
    throw new DecoderInputError(
      `Row ${row} of the batch is all padding; give it at least one token.`,
    );
  }
  const rows = columns.map((own, row) => own.map((column) => ids.at(row, column)));
  return {
    rows,
    columns,
    width,
    past: mask && before > 0 ? columns.map((_, row) => countOnes(mask, row, before)) : null,
    isMasked: mask !== null,
  };
}

function countOnes(mask: Matrix, row: number, end: number): number {
  let count = 0;
  for (let column = 0; column < end; column++) if (mask.at(row, column) !== 0) count++;
  return count;
}

/** A batch as transformers.js wants it, padded on the left. */
export function paddedRows(rows: readonly (readonly number[])[]): {
  readonly input_ids: Tensor;
  readonly attention_mask: Tensor;
} {
  const width = Math.max(...rows.map(({ length }) => length));
  const dims = [rows.length, width];
  const ids = new BigInt64Array(rows.length * width);
  const mask = new BigInt64Array(ids.length);
  for (const [row, own] of rows.entries()) {
    for (const [i, id] of own.entries()) {
      const at = (row + 1) * width - own.length + i;
      ids[at] = BigInt(id);
      mask[at] = 1n;
    }
  }
  return {
    input_ids: new Tensor('int64', ids, dims),
    attention_mask: new Tensor('int64', mask, dims),
  };
}

interface Matrix {
  readonly dims: readonly [number, number];
  at(row: number, column: number): number;
}

function matrix(name: string, value: unknown): Matrix {
  const { dims, data } = (value ?? {}) as { dims?: number[]; data?: ArrayLike<number | bigint> };
  if (!(value instanceof Tensor) && value?.constructor?.name === 'Tensor') {
    const problem =
      'is a Tensor of another copy of @huggingface/transformers than @namm/cache-text uses; let both resolve to one copy (npm ls @huggingface/transformers)';
    throw new InvalidArgumentError(name, problem);
  }
  if (!(value instanceof Tensor) || dims?.length !== 2 || !data) {
    const found = Array.isArray(dims) ? `has the shape [${dims}]` : `is ${describe(value)}`;
    throw new InvalidArgumentError(
      name,
      `${found}; it must be a Tensor [batch, tokens], as a tokenizer makes it`,
    );
  }
  const [rows, columns] = dims as [number, number];
  return { dims: [rows, columns], at: (row, column) => Number(data[row * columns + column]) };
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'missing';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}
