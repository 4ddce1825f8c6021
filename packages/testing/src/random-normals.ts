import { Random } from '@namm/core';

/** Normal numbers of a standard deviation, `[count]`; the same for a seed. */
export function randomNormals(seed: number, count: number, deviation = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => deviation * random.normal());
}
