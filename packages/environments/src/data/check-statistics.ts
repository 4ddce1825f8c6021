import { InvalidArgumentError } from '@namm/core';
import type { ObservationStatistics } from './observation-statistics.js';

/**
 * Statistics that came with a model, checked for their length. A published card has 18 deviations for 17
 * numbers; used as they are, everything behind the stray one would be scaled wrongly.
 *
 * @param where the file, or what the error shall name
 * @throws {InvalidArgumentError} for another length, a number that is not finite, or a deviation not above 0
 */
export function checkStatistics(
  statistics: ObservationStatistics,
  size: number,
  where: string,
): void {
  for (const key of ['mean', 'deviation'] as const) {
    const numbers = statistics[key];
    const details = { where, key };
    if (numbers.length !== size) {
      const problem = `${key} has ${numbers.length} numbers where an observation has ${size}`;
      throw new InvalidArgumentError(where, problem, { details });
    }
    const bad = numbers.findIndex((x) => !Number.isFinite(x) || (key === 'deviation' && x <= 0));
    if (bad >= 0) {
      throw new InvalidArgumentError(where, `${key}[${bad}] is ${numbers[bad]}`, { details });
    }
  }
}
