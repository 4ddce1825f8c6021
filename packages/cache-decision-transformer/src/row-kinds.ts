import { InvalidArgumentError } from '@namm/core';
import type { CacheShape } from '@namm/kv-cache';

/** The kind of a Decision Transformer's token. */
export type RowKind = 'return' | 'state' | 'action';

/** The tokens of a step, in order: with a token for the return-to-go, as published, or without. */
export const rowKinds = {
  tokens: ['return', 'state', 'action'],
  'in-states': ['state', 'action'],
} as const satisfies Record<string, readonly RowKind[]>;

/**
 * The kinds that the rows of a cache have in turn: token n is of kind `kinds[n % kinds.length]` and belongs to
 * step `⌊n / kinds.length⌋`.
 *
 * @param shape of the cache
 * @throws {InvalidArgumentError} when it is not that of a Decision Transformer
 *
 * @example
 * ```ts
 * const kinds = rowKindsOf(episode.shape); // ['return', 'state', 'action']
 * ```
 */
export function rowKindsOf({ rowKinds: kinds }: CacheShape): readonly RowKind[] {
  if (kinds?.includes('state')) return kinds as readonly RowKind[];
  const problem = 'its rows have no kinds; this policy is for caches of Decision Transformers';
  throw new InvalidArgumentError('shape', problem);
}
