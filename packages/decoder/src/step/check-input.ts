import type { SequenceInput } from '@namm/kv-cache';
import { DecoderInputError } from '../errors.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';

/** An input that can be fed to the model, as ids or as rows; the other of the two is empty. */
export interface CheckedInput {
  /** A copy. */
  readonly ids: Int32Array;
  /** The caller's own. */
  readonly embeddings: Float32Array;
  /** The caller's own, `[count, axes]`; null where positions are consecutive numbers. */
  readonly positions: Int32Array | null;
  /** Tokens. */
  readonly count: number;
}

/**
 * Checks an input.
 *
 * @param spec the model
 * @param input of one sequence
 * @throws {DecoderInputError} when it is empty, an id is not in the vocabulary, or rows or positions have
 *   the wrong size
 */
export function checkInput(spec: DecoderSpec, input: SequenceInput): CheckedInput {
  if (typeof input !== 'object' || input === null) {
    throw new DecoderInputError('The input is neither { ids } nor { embeddings }.');
  }
  if ('ids' in input) {
    const ids = checkIds(spec, input.ids);
    const positions = checkPositions(spec, input.positions, ids.length);
    return { ids, embeddings: new Float32Array(0), positions, count: ids.length };
  }
  const { embeddings } = input;
  const { hiddenSize } = spec;
  const count = embeddings instanceof Float32Array ? embeddings.length / hiddenSize : 0;
  if (count === 0 || !Number.isInteger(count)) {
    throw new DecoderInputError(
      `embeddings must be a Float32Array of one or more rows of ${hiddenSize} numbers.`,
    );
  }
  const positions = checkPositions(spec, input.positions, count);
  return { ids: new Int32Array(0), embeddings, positions, count };
}

function checkIds(spec: DecoderSpec, ids: ArrayLike<number>): Int32Array {
  const { family, embedding, vocabularySize } = spec;
  if (!embedding || vocabularySize === null) {
    throw new DecoderInputError(`${family} has no embedding of ids; feed it { embeddings }.`);
  }
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
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= vocabularySize) {
      const problem = `Token ${i} has id ${id}, but ids of this model are whole numbers from 0 to ${vocabularySize - 1}.`;
      throw new DecoderInputError(`${problem} Does the tokenizer belong to the model?`, {
        details: { index: i, id },
      });
    }
    checked[i] = id;
  }
  return checked;
}

function checkPositions(
  { positionAxes: axes }: DecoderSpec,
  positions: Int32Array | undefined,
  count: number,
): Int32Array | null {
  if (positions === undefined) return null;
  if (axes === undefined) {
    throw new DecoderInputError('This model numbers its tokens itself; leave positions out.');
  }
  if (!(positions instanceof Int32Array) || positions.length !== count * axes) {
    const size = positions instanceof Int32Array ? `, not ${positions.length}` : '';
    throw new DecoderInputError(
      `positions must be an Int32Array of ${axes} for each of ${count} tokens, ${count * axes} numbers${size}.`,
    );
  }
  const index = positions.findIndex((position) => position < 0);
  if (index >= 0) {
    throw new DecoderInputError(`Token ${Math.floor(index / axes)} has a negative position.`);
  }
  return positions;
}
