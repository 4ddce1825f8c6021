import { InvalidArgumentError } from '@namm/core';
import type { Budget } from './budget.js';
import { marksPerRow } from './compact-positions.js';
import type { CacheShape, LayerShape } from './contracts/cache-shape.js';

/**
 * Turns a budget into slots per KV head, as a function of the tokens seen. A budget in bytes gives every
 * head of every layer the same number of slots: the largest at which keys, values, positions and policy
 * state of all heads fit together.
 *
 * @param policyBytesPerRow what the policy remembers per row and head of a layer
 * @throws {InvalidArgumentError} when a budget in bytes does not pay for one slot per head
 */
export function slotsPerHead(
  budget: Budget,
  shape: CacheShape,
  policyBytesPerRow: (layer: LayerShape) => number,
): (seen: number) => number {
  switch (budget.kind) {
    case 'tokens':
      return () => budget.tokens;
    case 'share':
      return (seen) => Math.max(1, Math.floor(budget.share * seen));
    case 'bytes': {
      const marks = marksPerRow(shape);
      const bytesPerSlot = shape.layers.reduce((sum, layer) => {
        const row = (2 * layer.headSize + marks) * 4 + policyBytesPerRow(layer);
        return sum + layer.keyValueHeads * row;
      }, 0);
      const slots = Math.floor(budget.bytes / bytesPerSlot);
      if (slots >= 1) return () => slots;
      const problem = `${budget.bytes} bytes are too few: one slot per head costs ${bytesPerSlot} bytes`;
      throw new InvalidArgumentError('budget', problem, { details: { bytesPerSlot } });
    }
  }
}
