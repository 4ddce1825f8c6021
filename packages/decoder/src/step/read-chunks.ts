import type { SequenceInput } from '@namm/kv-cache';
import { DecoderInputError } from '../errors.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { Chunk } from './forward-inputs.js';

/** Ids or rows that can be fed to the model. */
export type CheckedInput = { readonly ids: Int32Array } | { readonly embeddings: Float32Array };

/** Where chunks end: at multiples of `size` in the sequence, and of `interval` where a policy chooses. */
export interface ChunkGrid {
  /** Tokens of the sequence before the input. */
  readonly seen: number;
  readonly size: number;
  readonly interval: number;
}

/**
 * Checks an input and cuts it into chunks. They end where they would if all input had come at once, so
 * that turns make no difference to what a policy sees.
 *
 * @throws {DecoderInputError} when it is empty, an id is not in the vocabulary, or rows have the wrong size
 */
export function readChunks(spec: DecoderSpec, input: SequenceInput, grid: ChunkGrid): Chunk[] {
  const checked = checkInput(spec, input);
  if ('ids' in checked) {
    const { ids } = checked;
    const embeddings = new Float32Array(0);
    return cut(ids.length, grid, (from, to) => ({
      ids: ids.subarray(from, to),
      embeddings,
      count: to - from,
    }));
  }
  const { hiddenSize } = spec;
  const ids = new Int32Array(0);
  return cut(checked.embeddings.length / hiddenSize, grid, (from, to) => ({
    ids,
    embeddings: checked.embeddings.subarray(from * hiddenSize, to * hiddenSize),
    count: to - from,
  }));
}

/**
 * Checks an input.
 *
 * @returns a copy of the ids, or the rows themselves
 * @throws {DecoderInputError} when it is empty, an id is not in the vocabulary, or rows have the wrong size
 */
export function checkInput(spec: DecoderSpec, input: SequenceInput): CheckedInput {
  if (typeof input !== 'object' || input === null) {
    throw new DecoderInputError('The input is neither { ids } nor { embeddings }.');
  }
  if (input.positions !== undefined) {
    throw new DecoderInputError('This model numbers its tokens itself; leave positions out.');
  }
  if ('ids' in input) return { ids: checkIds(spec, input.ids) };
  const { embeddings } = input;
  const { hiddenSize } = spec;
  const count = embeddings instanceof Float32Array ? embeddings.length / hiddenSize : 0;
  if (count === 0 || !Number.isInteger(count)) {
    throw new DecoderInputError(
      `embeddings must be a Float32Array of one or more rows of ${hiddenSize} numbers.`,
    );
  }
  return { embeddings };
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

function cut(
  total: number,
  { seen, size, interval }: ChunkGrid,
  chunk: (from: number, to: number) => Chunk,
): Chunk[] {
  const chunks: Chunk[] = [];
  const room = (position: number, step: number) => step - (position % step);
  for (let from = 0; from < total; ) {
    const position = seen + from;
    const to = Math.min(from + room(position, size), from + room(position, interval), total);
    chunks.push(chunk(from, to));
    from = to;
  }
  return chunks;
}
