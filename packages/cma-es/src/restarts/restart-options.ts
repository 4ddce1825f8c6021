import { InvalidArgumentError, type Random } from '@namm/core/portable';

/** How a strategy starts again after a stop that was not its goal. */
export interface RestartOptions {
  /**
   * `ipop` doubles the population each time (Auger and Hansen 2005); `bipop` does so too, and between spends as
   * many evaluations on runs with small populations and small sigma (Hansen 2009).
   */
  readonly kind: 'ipop' | 'bipop';
  /** Restarts at most, not counting those with small populations. @defaultValue 9 */
  readonly maximum?: number;
  /** Growth of the population. @defaultValue 2 */
  readonly factor?: number;
  /**
   * The mean of a restart. @defaultValue evenly drawn between bounds where both are finite, else the first
   * run's
   */
  readonly start?: (random: Random, restart: number) => ArrayLike<number>;
}

/** @throws {InvalidArgumentError} for options out of range */
export function checkRestartOptions({ kind, maximum = 9, factor = 2 }: RestartOptions): void {
  if (kind !== 'ipop' && kind !== 'bipop') {
    throw new InvalidArgumentError('restarts.kind', `'${String(kind)}' is not ipop or bipop`);
  }
  if (!Number.isInteger(maximum) || maximum < 0) {
    throw new InvalidArgumentError('restarts.maximum', `${maximum} is not an integer from 0 on`);
  }
  if (!(factor >= 1 && factor < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('restarts.factor', `${factor} is not 1 or more`);
  }
}
