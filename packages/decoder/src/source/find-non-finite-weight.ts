import { isAllFinite } from '../is-all-finite.js';
import { floatFormat } from './float-formats.js';
import type { ModelSource } from './model-source.js';
import { readWeightBytes } from './read-weight-bytes.js';
import { placeOf } from './weight.js';

/** The first weight that holds NaN or infinity, and where it stands; null when all are finite. Reads all. */
export async function findNonFiniteWeight({
  name: source,
  weights,
}: Pick<ModelSource, 'name' | 'weights'>): Promise<{ name: string; place: string } | null> {
  for (const weight of weights.values()) {
    const format = floatFormat(weight.format);
    if (!format) continue;
    const bytes = await readWeightBytes(weight);
    const numbers = format.decode(bytes.slice().buffer as ArrayBuffer);
    if (!isAllFinite(numbers)) return { name: weight.name, place: placeOf(weight, source) };
  }
  return null;
}
