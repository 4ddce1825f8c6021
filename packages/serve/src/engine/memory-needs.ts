import { InvalidArgumentError } from '@namm/core';
import { type CacheShape, type ProtectedSpan, rowBytes, stateBytes } from '@namm/kv-cache';
import type { ChosenPolicy } from './chosen-policy.js';

/** Rows of a head that may lie unused, however few it holds, and one for rounding. */
const slackRows = 17;
/** The most that arrays of rows are larger than what they hold. */
const growth = 1.25;

/** Tokens without room for which nothing can be asked. */
const leastTokens = 16;

/**
 * Refuses a limit in which no conversation has room, before there is one.
 *
 * @throws {InvalidArgumentError} with the least that will do
 */
export function checkMemoryLimit(shape: CacheShape, memoryLimit: number): void {
  const token = shape.layers.reduce(
    (sum, layer) => sum + layer.keyValueHeads * rowBytes(shape, layer),
    0,
  );
  const least = stateBytes(shape) + leastTokens * token;
  if (memoryLimit >= least) return;
  const size = least < 1e6 ? `${Math.ceil(least / 1e3)}KB` : `${Math.ceil(least / 1e6)}MB`;
  const problem = `${memoryLimit} bytes are too few: a token of this model takes ${token}; give ${size} or more`;
  throw new InvalidArgumentError('memoryLimit', problem);
}

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
  }, stateBytes(shape));
}

/**
 * Bytes that a fork may take at most that only adds rows to those it shares, because its policy does not choose before
 * it ends.
 *
 * @param shared tokens of the sequence that it was forked from
 * @param total tokens that it will have seen at most
 */
export function tailNeeds(
  shape: CacheShape,
  policy: ChosenPolicy,
  shared: number,
  total: number,
): number {
  const asServed = { ...shape, positions: positionsFor(policy) };
  // What attention says is remembered of shared rows too, by each for itself.
  const told = policy.policy.probe.kind === 'none' ? 0 : policy.mostRows(total);
  return shape.layers.reduce((sum, layer) => {
    // Rows leave windows with every token, shared ones too.
    const copied = layer.window === null ? 0 : Math.min(layer.window, shared);
    const rows = Math.ceil((copied + total - shared) * growth + slackRows);
    const remembered = rows + Math.ceil(told * growth);
    const bytes = rows * rowBytes(asServed, layer) + remembered * stateBytesPerRow(policy);
    return sum + layer.keyValueHeads * bytes;
  }, stateBytes(shape));
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
