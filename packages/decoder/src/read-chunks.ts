import type { DecoderSpec } from './decoder-spec.js';
import { DecoderInputError } from './errors.js';
import type { Chunk } from './forward-inputs.js';

/** Token ids, or rows `[tokens, hiddenSize]` that stand in for their embeddings (after any scaling). */
export type DecoderInput =
  | { readonly ids: ArrayLike<number> }
  | { readonly embeddings: Float32Array };

/**
 * Checks an input and cuts it into chunks.
 *
 * @throws {DecoderInputError} when it is empty, an id is not in the vocabulary, or rows have the wrong size
 */
export function readChunks(spec: DecoderSpec, input: DecoderInput, chunkSize: number): Chunk[] {
  const noIds = new Int32Array(0);
  if (typeof input !== 'object' || input === null) {
    throw new DecoderInputError('The input is neither { ids } nor { embeddings }.');
  }
  const noRows = new Float32Array(0);
  if ('ids' in input) {
    const ids = checkIds(spec, input.ids);
    return cut(ids.length, chunkSize, (from, to) => ({
      ids: ids.subarray(from, to),
      embeddings: noRows,
      count: to - from,
    }));
  }
  const rows = input.embeddings;
  const { hiddenSize } = spec;
  const count = rows instanceof Float32Array ? rows.length / hiddenSize : 0;
  if (count === 0 || !Number.isInteger(count)) {
    throw new DecoderInputError(
      `embeddings must be a Float32Array of one or more rows of ${hiddenSize} numbers.`,
    );
  }
  return cut(count, chunkSize, (from, to) => ({
    ids: noIds,
    embeddings: rows.subarray(from * hiddenSize, to * hiddenSize),
    count: to - from,
  }));
}

function checkIds(spec: DecoderSpec, ids: ArrayLike<number>): Int32Array {
  if (!Number.isSafeInteger(ids?.length)) {
    throw new DecoderInputError('ids must be an array or typed array of token ids.');
  }
  if (ids.length <= 0) {
    throw new DecoderInputError(
      'The input has no token; give at least one, such as the BOS token.',
    );
  }
  const checked = new Int32Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= spec.vocabularySize) {
      const problem = `Token ${i} has id ${id}, but ids of this model are whole numbers from 0 to ${spec.vocabularySize - 1}.`;
      throw new DecoderInputError(`${problem} Does the tokenizer belong to the model?`, {
        details: { index: i, id },
      });
    }
    checked[i] = id;
  }
  return checked;
}

function cut(total: number, size: number, chunk: (from: number, to: number) => Chunk): Chunk[] {
  const count = Math.ceil(total / size);
  return Array.from({ length: count }, (_, i) => chunk(i * size, Math.min((i + 1) * size, total)));
}
