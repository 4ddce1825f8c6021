import type { Random } from '@namm/core';
import type { PlannedFact } from '../types.js';

/**
 * Puts an older version before some of the facts, anywhere before.
 *
 * @param live the facts that hold, in their order
 * @param count how many get an older version; at most all
 * @param older makes the sentence of the older version of fact `index`
 */
export function plantStale(
  random: Random,
  live: readonly PlannedFact[],
  count: number,
  older: (index: number) => string,
): PlannedFact[] {
  const result = [...live];
  const indices = live.map((_, index) => index);
  for (const index of random.sample(indices, Math.min(count, live.length))) {
    const place = random.integer(result.indexOf(live[index]!) + 1);
    result.splice(place, 0, { kind: 'stale', text: older(index), questions: [] });
  }
  return result;
}
