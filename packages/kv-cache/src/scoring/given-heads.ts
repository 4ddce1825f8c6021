import { InvalidArgumentError } from '@namm/core';
import { fillSlots, type HeadAllocation } from './head-allocation.js';

/** How many rows each head keeps from some point on. */
export interface GivenCounts {
  /** The number of tokens seen from which the counts apply, until the next entry. */
  readonly seen: number;
  /** Rows per layer and KV head; a head that holds no more than this loses nothing. */
  readonly counts: readonly (readonly number[])[];
}

/**
 * Gives every head of every layer its own number of rows, which may change as the sequence grows: to divide a budget
 * that does not divide evenly, or to give a scorer the counts that another policy arrived at.
 *
 * @param schedule ascending in `seen`; before the first entry, everything stays
 * @returns an allocation for {@link scoredPolicy}, which then takes no budget
 * @throws {InvalidArgumentError} when the schedule is empty, does not ascend, or a count is below 1
 * @example
 * ```ts
 * const heads = givenHeads([{ seen: 0, counts: [[40, 8], [16, 64]] }]);
 * const policy = scoredPolicy({ scorer: h2oScorer(), heads, updateInterval: 64 });
 * ```
 */
export function givenHeads(schedule: readonly GivenCounts[]): HeadAllocation {
  if (schedule.length === 0) throw new InvalidArgumentError('schedule', 'is empty');
  for (const [index, { seen, counts }] of schedule.entries()) {
    if (!Number.isSafeInteger(seen) || seen < 0 || seen <= (schedule[index - 1]?.seen ?? -1)) {
      throw new InvalidArgumentError(`schedule[${index}].seen`, `${seen} does not ascend`);
    }
    const wrong = counts.flat().find((count) => !Number.isSafeInteger(count) || count < 1);
    if (wrong !== undefined) {
      const problem = `${wrong} is not an integer of at least 1`;
      throw new InvalidArgumentError(`schedule[${index}].counts`, problem);
    }
  }
  return {
    settings: { kind: 'given', schedule },
    needsBudget: false,
    slots({ layer, seen, lengths }) {
      const given = schedule.findLast((entry) => entry.seen <= seen)?.counts[layer];
      return given?.some((count, head) => lengths[head]! > count) ? given : null;
    },
    counts: fillSlots,
  };
}
