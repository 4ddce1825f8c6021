import {
  checkNames,
  checkNumber,
  InvalidArgumentError,
  type Random,
  shown,
} from '@namm/core/portable';
import { oneOf } from '../one-of.js';
import { restartAliases } from '../option-names.js';

/** How a strategy restarts after a stop short of its goal. */
export interface RestartOptions {
  /**
   * `ipop` doubles the population each time (Auger and Hansen 2005); `bipop` does so too, and in between spends as many
   * evaluations on runs with small populations and small sigma (Hansen 2009).
   */
  readonly kind: 'ipop' | 'bipop';
  /** Maximum number of restarts, not counting those with small populations. @defaultValue 9 */
  readonly maximum?: number;
  /** Growth of the population. @defaultValue 2 */
  readonly factor?: number;
  /**
   * The mean of a restart. @defaultValue drawn uniformly between the bounds if both are finite, otherwise as in the
   * first run
   */
  readonly start?: (random: Random, restart: number) => ArrayLike<number>;
}

/** @throws {InvalidArgumentError} for options that are none, or out of range */
export function checkRestartOptions(given: RestartOptions): void {
  checkNames('RestartingCmaEs', given, ['kind', 'maximum', 'factor', 'start'], restartAliases);
  const { kind, maximum = 9, factor = 2, start } = given;
  oneOf('restarts.kind', kind, ['ipop', 'bipop']);
  const isCount = (value: number) => Number.isInteger(value) && value >= 0;
  checkNumber('restarts.maximum', maximum, isCount, 'an integer from 0 on');
  const isFactor = (value: number) => value >= 1 && value < Number.POSITIVE_INFINITY;
  checkNumber('restarts.factor', factor, isFactor, '1 or more');
  if (start === undefined || typeof start === 'function') return;
  throw new InvalidArgumentError('restarts.start', `${shown(start)} is not a function`);
}
