import { PositionLimitError } from '../errors.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';

/**
 * Checks that a sequence whose positions are absolute stays within those of the model.
 *
 * @param spec the model
 * @param needed positions of the sequence when all its input is read
 * @throws {PositionLimitError} when it does not
 */
export function checkPositionLimit(
  { maximumPositions, learnedPositions }: DecoderSpec,
  needed: number,
): void {
  if (needed <= maximumPositions) return;
  const advice = learnedPositions
    ? 'Its positions are learned, so there are no more: shorten the input.'
    : "Shorten the input, make the cache with a budget and `positions: 'compact'`, or load the model with `ropeScaling` or a higher `maximumPositions`.";
  throw new PositionLimitError(needed, maximumPositions, advice);
}
