import type { CacheShape } from '../contracts/cache-shape.js';
import type { PolicySettings } from '../contracts/eviction-policy.js';

/** Divides the slots of a cache among its layers. */
export interface LayerAllocation {
  /** The allocation's name and everything that affects its decisions, as plain JSON data. */
  readonly settings: PolicySettings;
  /** @throws {InvalidArgumentError} when it does not support the layers of this shape */
  check?(shape: CacheShape, budgetInBytes: boolean): void;
  /**
   * Slots per head for every layer: whole numbers whose average over the layers is at most `slots`.
   *
   * @param slots slots per head, on average over the layers; may be a fraction, and is at least 1
   * @param seen tokens of the sequence so far
   */
  slots(layers: number, slots: number, seen: number): readonly number[];
}

/** Every layer has the same number of slots per head. */
export const equalLayers: LayerAllocation = {
  settings: { kind: 'equal' },
  slots: (layers, slots) => new Array<number>(layers).fill(Math.floor(slots)),
};
