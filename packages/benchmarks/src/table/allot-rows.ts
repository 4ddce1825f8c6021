import { InvalidArgumentError } from '@namm/core';
import { type CacheShape, type GivenCounts, type LayerShape, rowBytes } from '@namm/kv-cache';
import type { PromptResult } from './result-store.js';
import type { TableBudget } from './table-row.js';

/** What a budget is worked out for. */
export interface Allotment {
  readonly budget: Exclude<TableBudget, { kind: 'own' }>;
  readonly shape: CacheShape;
  /** Tokens read when the questions are asked. */
  readonly seen: number;
  readonly updateInterval: number;
  /** Bytes of state per row and head of the policy that gets the rows. */
  readonly policyBytesPerRow: (layer: LayerShape) => number;
  /** What the contender that it is measured against came to on the same prompt. */
  readonly like?: PromptResult;
}

/**
 * How many rows each head may hold after an update, so that a policy has its budget when the questions are asked.
 * The tokens since the last update are in the cache whatever the policy says, so they come off; what is
 * left is divided evenly among the heads, the first ones taking what remains, and holds from the beginning. Each
 * head keeps at least one row.
 *
 * @throws {InvalidArgumentError} when what it is measured against is missing
 */
export function allotRows(allotment: Allotment): GivenCounts[] {
  const { budget, shape, seen, updateInterval, like } = allotment;
  if (budget.kind === 'heads') {
    if (like?.counts !== undefined && like.counts.length > 0) return [...like.counts];
    // No update came: nothing was evicted, and nothing will be.
    if (like?.counts !== undefined)
      return [{ seen: 0, counts: evenly(shape, seen * heads(shape)) }];
    throw new InvalidArgumentError('like', `'${budget.like}' has noted no counts`);
  }
  const tail = seen % updateInterval;
  const rows = rowsAtAnswer(allotment) - tail * heads(shape);
  return [{ seen: 0, counts: evenly(shape, rows) }];
}

/** Rows of all heads when the questions are asked. */
function rowsAtAnswer({ budget, shape, seen, policyBytesPerRow, like }: Allotment): number {
  if (budget.kind === 'share') return Math.floor(budget.share * seen * heads(shape));
  if (budget.kind === 'heads' || like === undefined) {
    throw new InvalidArgumentError('like', 'there is no result to measure against');
  }
  const rows = Math.round(like.kept.atAnswer * seen * heads(shape));
  if (budget.kind === 'rows') return rows;
  const { keysAndValues, positions, policy } = like.bytes;
  const perRow = shape.layers.reduce(
    (sum, layer) => sum + layer.keyValueHeads * (rowBytes(shape, layer) + policyBytesPerRow(layer)),
    0,
  );
  return Math.floor(((keysAndValues + positions + policy) * heads(shape)) / perRow);
}

function heads({ layers }: CacheShape): number {
  return layers.reduce((sum, { keyValueHeads }) => sum + keyValueHeads, 0);
}

function evenly(shape: CacheShape, rows: number): number[][] {
  const all = heads(shape);
  const each = Math.floor(rows / all);
  let remaining = rows - each * all;
  return shape.layers.map(({ keyValueHeads }) =>
    Array.from({ length: keyValueHeads }, () => Math.max(1, each + (remaining-- > 0 ? 1 : 0))),
  );
}
