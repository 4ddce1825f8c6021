import { checkChoice, InvalidArgumentError } from '@namm/core';
import type { CacheShape } from './contracts/cache-shape.js';
import { cacheDtype, cacheDtypes } from './stored-rows.js';

/**
 * Checks that a cache can be made for a shape.
 *
 * @throws {InvalidArgumentError} naming the layer and the number that cannot be
 */
export function checkShape(shape: CacheShape): void {
  if (shape.layers.length === 0) throw new InvalidArgumentError('shape.layers', 'is empty');
  checkChoice('shape.dtype', cacheDtype(shape), cacheDtypes);
  const { positionAxes } = shape;
  if (positionAxes !== undefined && (!Number.isInteger(positionAxes) || positionAxes < 1)) {
    throw new InvalidArgumentError(
      'shape.positionAxes',
      `${positionAxes} is not an integer of at least 1`,
    );
  }
  for (const [index, { size }] of (shape.states ?? []).entries()) {
    if (Number.isInteger(size) && size >= 1) continue;
    const problem = `${size} is not an integer of at least 1`;
    throw new InvalidArgumentError(`shape.states[${index}].size`, problem);
  }
  const { rowKinds } = shape;
  if (
    rowKinds !== undefined &&
    (rowKinds.length === 0 || new Set(rowKinds).size < rowKinds.length)
  ) {
    const problem = `[${rowKinds}] is not a list of different kinds`;
    throw new InvalidArgumentError('shape.rowKinds', problem);
  }
  for (const [index, layer] of shape.layers.entries()) {
    for (const part of ['keyValueHeads', 'queryHeads', 'headSize', 'window'] as const) {
      const value = layer[part];
      if (part === 'window' && value === null) continue;
      if (!Number.isInteger(value) || value! < 1) {
        const problem = `${value} is not an integer of at least 1`;
        throw new InvalidArgumentError(`shape.layers[${index}].${part}`, problem);
      }
    }
    if (layer.queryHeads % layer.keyValueHeads !== 0) {
      const problem = `${layer.queryHeads} is not a multiple of the ${layer.keyValueHeads} KV heads`;
      throw new InvalidArgumentError(`shape.layers[${index}].queryHeads`, problem);
    }
  }
}
