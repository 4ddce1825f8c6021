import { InvalidArgumentError } from '@namm/core';

/** Returns of a random agent and of an expert, from `infos.py` of D4RL; the same for all its data sets. */
export const referenceReturns = {
  hopper: { minimum: -20.272305, maximum: 3234.3 },
  'half-cheetah': { minimum: -280.178953, maximum: 12135 },
  walker2d: { minimum: 1.629008, maximum: 4592.3 },
} as const;

export const referenceReturnsSource = 'D4RL, d4rl/infos.py (REF_MIN_SCORE, REF_MAX_SCORE)';

/**
 * A return on D4RL's scale: 0 as good as random, 100 as good as its expert. Scores are comparable with
 * published ones only when the data are too: of data made here say "D4RL's constants, own data".
 *
 * @throws {InvalidArgumentError} for a body that D4RL has no constants for
 */
export function normalisedScore(body: keyof typeof referenceReturns, value: number): number {
  const reference = referenceReturns[body];
  if (!Object.hasOwn(referenceReturns, body)) {
    const known = Object.keys(referenceReturns).join(', ');
    throw new InvalidArgumentError('body', `D4RL has constants for ${known}, not for '${body}'`);
  }
  return (100 * (value - reference.minimum)) / (reference.maximum - reference.minimum);
}
