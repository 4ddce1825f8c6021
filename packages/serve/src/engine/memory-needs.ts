import { type CacheShape, type ProtectedSpan, rowBytes } from '@namm/kv-cache';
import type { ChosenPolicy } from './chosen-policy.js';

/** Rows of a head that may lie unused, however few it holds, and one for rounding. */
const slackRows = 17;
/** The most that arrays of rows are larger than what they hold. */
const growth = 1.25;

/**
 * Bytes that a sequence may take at most, alone: rows with the unused ends of their arrays, and the policy's state.
 *
 * @param total tokens that it will have seen at most
 * @param chunkSize rows that a pass may add before the policy evicts
 */
export function memoryNeeds(
  shape: CacheShape,
  policy: ChosenPolicy,
  spans: readonly ProtectedSpan[],
  total: number,
  chunkSize: number,
): number {
  const isProtected = spans.reduce((sum, { start, end }) => sum + end - start, 0) + 1;
  const held = Math.max(policy.mostRows(total), isProtected);
  const rows = Math.min(total, held + chunkSize + (policy.policy.updateInterval ?? 0));
  const asServed = { ...shape, positions: positionsFor(policy) };
  return shape.layers.reduce((sum, layer) => {
    const row = rowBytes(asServed, layer) + stateBytesPerRow(policy);
    return sum + layer.keyValueHeads * Math.ceil(rows * growth + slackRows) * row;
  }, 0);
}

/** A policy that never holds more than a number of rows serves text of any length. */
export function positionsFor(policy: ChosenPolicy): 'absolute' | 'compact' {
  return policy.isBounded ? 'compact' : 'absolute';
}

/** What policies remember of a row, at most. */
function stateBytesPerRow({ policy: { probe } }: ChosenPolicy): number {
  if (probe.kind === 'lastQueries') return 4 * probe.count;
  return probe.kind === 'spectrum' ? 256 : 8;
}
