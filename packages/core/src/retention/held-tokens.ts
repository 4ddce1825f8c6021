import { InvalidArgumentError } from '../errors.js';
import type { RetentionRecord } from './retention-record.js';

/**
 * The tokens that one head held after one update, ascending.
 *
 * @throws {InvalidArgumentError} when the record has no such layer, head or update
 *
 * @example
 * ```ts
 * const last = heldTokens(record, 0, 1, record.seen.length - 1);
 * ```
 */
export function heldTokens(
  record: RetentionRecord,
  layer: number,
  head: number,
  update: number,
): number[] {
  const heads = record.headsPerLayer[layer];
  if (heads === undefined || !Number.isInteger(head) || head < 0 || head >= heads) {
    throw new InvalidArgumentError('layer, head', `there is no head ${head} in layer ${layer}`);
  }
  const seen = record.seen[update];
  if (seen === undefined) {
    throw new InvalidArgumentError('update', `${update} is none of ${record.seen.length}`);
  }
  const before = record.headsPerLayer.slice(0, layer).reduce((sum, count) => sum + count, 0);
  const start = (before + head) * record.seen.at(-1)!;
  const held: number[] = [];
  for (let token = 0; token < seen; token++) {
    if (record.evictedAt[start + token]! > update) held.push(token);
  }
  return held;
}
