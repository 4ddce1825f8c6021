import { checkChoice, checkInteger } from '@namm/core';
import type { DecideAfter } from './contracts/sequence-model.js';

/** When a policy may choose, by name. */
export const decideAfterChoices = ['pass', 'prompt'] as const satisfies readonly DecideAfter[];

/** @throws {InvalidArgumentError} when it is neither one of the names nor a whole number above 0 */
export function checkDecideAfter(decideAfter: DecideAfter): void {
  if (typeof decideAfter === 'number') checkInteger('decideAfter', decideAfter, 1);
  else checkChoice('decideAfter', decideAfter, decideAfterChoices);
}

/**
 * Whether it is time to choose when a pass is over.
 *
 * @param before tokens of the sequence before it
 * @param seen tokens behind it
 * @param moreFollows whether more of the same input does
 */
export function isTimeToDecide(
  decideAfter: DecideAfter,
  before: number,
  seen: number,
  moreFollows: boolean,
): boolean {
  if (decideAfter === 'pass') return true;
  if (decideAfter === 'prompt') return !moreFollows;
  return Math.floor(seen / decideAfter) > Math.floor(before / decideAfter);
}
