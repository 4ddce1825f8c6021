import type { PolicySettings } from '../contracts/eviction-policy.js';
import type { TopSlots } from './top-slots.js';

/** A layer whose heads share its slots. */
export interface LayerToDivide {
  readonly layer: number;
  /** Tokens of the sequence so far. */
  readonly seen: number;
  /** Rows that each KV head holds. */
  readonly lengths: readonly number[];
  /** Slots that the budget gives each head, on average over the layer. */
  readonly slots: number;
}

/** Divides the slots of a layer among its KV heads. */
export interface HeadAllocation {
  /** The allocation's name and everything that affects its decisions, as plain JSON data. */
  readonly settings: PolicySettings;
  /**
   * False if it needs no budget.
   * @defaultValue true
   */
  readonly needsBudget?: boolean;
  /** Slots per head, as far as known before scoring; null if the layer loses nothing. */
  slots(layer: LayerToDivide): readonly number[] | null;
  /**
   * How many rows each head keeps: at most its length, and in total at most the sum of the slots.
   *
   * @param scores per head `[length]`
   * @param slots what {@link slots} gave
   * @param protectedRows newest rows of each head that always stay; at most its slots
   */
  counts(
    scores: readonly Float64Array[],
    slots: readonly number[],
    protectedRows: readonly number[],
    top: TopSlots,
  ): readonly number[];
}

/** Every head keeps as many rows as it has slots. */
export function fillSlots(
  scores: readonly Float64Array[],
  slots: readonly number[],
): readonly number[] {
  return scores.map((head, h) => Math.min(head.length, slots[h]!));
}

/** Every head keeps the same number of rows. */
export const equalHeads: HeadAllocation = {
  settings: { kind: 'equal' },
  slots: ({ lengths, slots }) =>
    lengths.some((length) => length > slots) ? lengths.map(() => slots) : null,
  counts: fillSlots,
};
