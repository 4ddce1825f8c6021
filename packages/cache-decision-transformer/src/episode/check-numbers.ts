import { EpisodeInputError } from '../errors.js';

/**
 * A copy of numbers that come from outside.
 *
 * @param what they are, for the message
 * @param values the numbers
 * @param length how many there have to be
 * @throws {EpisodeInputError} when the length is another, or one is not finite
 */
export function checkNumbers(
  what: string,
  values: ArrayLike<number>,
  length: number,
): Float64Array {
  if (values?.length !== length) {
    const problem = `The ${what} has ${values?.length} numbers where the model takes ${length}.`;
    throw new EpisodeInputError(problem, { details: { length: values?.length, needed: length } });
  }
  const copy = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value: unknown = values[i];
    // What overflows float32 would be infinite to the model.
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      const problem = `Number ${i} of the ${what} is ${String(value)}; end the episode.`;
      throw new EpisodeInputError(problem, { details: { index: i } });
    }
    copy[i] = value;
  }
  return copy;
}
