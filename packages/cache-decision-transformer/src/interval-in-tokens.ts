import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { RowKind } from './row-kinds.js';

/** How often a policy chooses: in steps of the environment or in tokens of the model. */
export interface UpdateInterval {
  readonly steps?: number;
  readonly tokens?: number;
}

/**
 * An update interval in tokens, as policies take it. Steps are rounded up to a multiple, since a NAMM chooses at
 * multiples of its hop (16): 10 steps of 3 tokens are 30 tokens, and 32 for a NAMM.
 *
 * @param interval either steps or tokens
 * @param kinds tokens of a step: `transformer.rowKinds`
 * @param multipleOf 16 for a NAMM
 * @returns tokens
 * @throws {InvalidArgumentError} for a number out of range, both or neither of the two, or tokens that are not a
 *   multiple
 *
 * @example
 * ```ts
 * const updateInterval = intervalInTokens({ steps: 10 }, transformer.rowKinds, 16); // 32
 * const policy = namm(checkpoint, { updateInterval });
 * ```
 */
export function intervalInTokens(
  interval: UpdateInterval,
  kinds: readonly RowKind[],
  multipleOf = 1,
): number {
  const { steps, tokens } = checkNames('intervalInTokens', interval, ['steps', 'tokens']);
  checkInteger('multipleOf', multipleOf, 1);
  if ((steps === undefined) === (tokens === undefined)) {
    throw new InvalidArgumentError('interval', 'needs either steps or tokens');
  }
  if (steps !== undefined) {
    checkInteger('steps', steps, 1);
    return multipleOf * Math.ceil((steps * kinds.length) / multipleOf);
  }
  checkInteger('tokens', tokens!, 1);
  if (tokens! % multipleOf === 0) return tokens!;
  throw new InvalidArgumentError('tokens', `${tokens} is not a multiple of ${multipleOf}`);
}
