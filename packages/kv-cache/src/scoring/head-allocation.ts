import type { PolicySettings } from '../contracts/eviction-policy.js';
import type { TopSlots } from './top-slots.js';

/** Divides the slots of a layer among its KV heads. */
export interface HeadAllocation {
  /** Which allocation this is and all that decides in it, as plain JSON data. */
  readonly settings: PolicySettings;
  /** Whether a layer with these rows per head has to lose rows. */
  isDue(lengths: readonly number[], slots: number): boolean;
  /**
   * How many rows each head keeps, at most its length; together at most heads × slots.
   *
   * @param scores per head `[length]`
   * @param slots slots per head, on average over the heads of the layer
   * @param protectedRows newest rows per head that stay in any case; at most `slots`
   */
  counts(
    scores: readonly Float64Array[],
    slots: number,
    protectedRows: number,
    top: TopSlots,
  ): readonly number[];
}

/** Every head keeps the same number of rows. */
export const equalHeads: HeadAllocation = {
  settings: { kind: 'equal' },
  isDue: (lengths, slots) => lengths.some((length) => length > slots),
  counts: (scores, slots) => scores.map((head) => Math.min(head.length, slots)),
};
