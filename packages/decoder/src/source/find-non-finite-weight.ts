import { isAllFinite } from '../is-all-finite.js';
import type { ModelSource } from './model-source.js';
import { hasFloats, readWeightFloats } from './read-weight-floats.js';
import { placeOf } from './weight.js';

/** The first weight that holds NaN or infinity, and where it stands; null when all are finite. Reads all. */
export async function findNonFiniteWeight({
  name: source,
  weights,
}: Pick<ModelSource, 'name' | 'weights'>): Promise<{ name: string; place: string } | null> {
  for (const weight of weights.values()) {
    if (!hasFloats(weight.format)) continue;
    if (!isAllFinite(await readWeightFloats(weight)))
      return { name: weight.name, place: placeOf(weight, source) };
  }
  return null;
}
