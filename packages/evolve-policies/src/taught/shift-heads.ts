import { InvalidArgumentError } from '@namm/core';
import { type TaughtMap, taughtMap } from '@namm/kv-cache';
import type { TaughtCheckpoint } from '@namm/teach';

/** KV heads of a scorer, over all layers: how many parameters {@link shiftHeads} takes. */
export function headsOf({ layers }: TaughtMap): number {
  return layers.reduce((sum, { keyValueHeads }) => sum + keyValueHeads, 0);
}

/**
 * A taught scorer with a different bias per KV head, so that a head keeps more or less of the text than before.
 *
 * @param checkpoint what is changed
 * @param parameters per layer and KV head, in units of the spread of the scorer's own scores (half the distance between
 *   their 16th and 84th percentiles), so that a step means the same for every model
 * @throws {InvalidArgumentError} for a wrong number of parameters, or ones that are not finite
 */
export function shiftHeads(
  { map, quantiles }: Pick<TaughtCheckpoint, 'map' | 'quantiles'>,
  parameters: ArrayLike<number>,
): TaughtMap {
  if (parameters.length !== headsOf(map)) {
    const problem = `there are ${parameters.length}, not ${headsOf(map)}`;
    throw new InvalidArgumentError('parameters', problem);
  }
  const spread = (quantiles[84]! - quantiles[16]!) / 2 || 1;
  let next = 0;
  const layers = map.layers.map((layer) => {
    const weights = layer.weights.slice();
    const inputs = weights.length / layer.keyValueHeads;
    for (let head = 0; head < layer.keyValueHeads; head++) {
      weights[(head + 1) * inputs - 1]! += spread * parameters[next++]!;
    }
    return { ...layer, weights };
  });
  return taughtMap(map.model, layers, map.shared);
}
