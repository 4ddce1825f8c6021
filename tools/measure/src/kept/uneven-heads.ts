import type { HeadAllocation } from '@namm/kv-cache';
import { unevenCounts } from './uneven-counts.js';

/** Heads that hold very different numbers of rows, to see what that costs. */
export const unevenHeads: HeadAllocation = {
  settings: { kind: 'uneven' },
  slots: ({ lengths, slots }) =>
    sum(lengths) > lengths.length * slots ? lengths.map(() => slots) : null,
  counts(scores, [slots]) {
    // Every head gets a row per token, so none is longer than what the longest wants.
    const lengths = scores.map(({ length }) => length);
    const wanted = unevenCounts(lengths.length, Math.max(...lengths), lengths.length * slots!);
    return wanted.map((count, head) => Math.min(count, lengths[head]!));
  },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
